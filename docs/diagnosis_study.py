"""How often the diagnosis is right: many real runs whose truth is measured apart from it.

python docs/diagnosis_study.py train STUDY       # hours of one core; started again, it goes on
python docs/diagnosis_study.py judge STUDY       # what the diagnosis says of their logs, beside the truth
python docs/diagnosis_study.py table STUDY       # hits, misses and false alarms, in Markdown

Thresholds were chosen on the seeds from TUNING on; the others are reported.
"""

import json
import multiprocessing
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TUNING = 100  # seeds from here on chose the thresholds
LOSSES = ("nonsaturating", "minimax", "least_squares", "hinge", "wasserstein", "relativistic")
KEPT = re.compile(
    r"step|images|.*/(adversarial|real|fake|auc|spread|coverage|coverage_of_last|density|recognized|gradient|"
    r"update|captured|total|quality)"
)
QUIET = ["trainer.threads=1", "trainer.sample_every=100000", "trainer.save_every=100000"]
POINTS = ["metric=[modes]", "evaluation.samples=2500", *QUIET]
IMAGES = ["metric=[density_coverage]", "evaluation.samples=1000", "trainer.evaluate_every=100000", *QUIET]
SLOW_MOMENTUM = [f"optimizer.{player}.beta_1=0.9" for player in ("generator", "discriminator")]
NARROW = ["network.generator.filters=[64,32,16]", "network.discriminator.filters=[16,32]"]
SMALL = ["model=gan", "network.generator.hidden=[256,256]", "network.discriminator.hidden=[64,64]"]


@dataclass(frozen=True)
class Case:
    """One recipe and the seeds that it is trained with."""

    name: str
    words: tuple[str, ...]
    reported: int
    tuning: int = 1

    def seeds(self) -> list[int]:
        """Return the reported seeds, then those that chose thresholds."""
        return [*range(self.reported), *range(TUNING, TUNING + self.tuning)]


def rates(generator: float, discriminator: float) -> list[str]:
    """Return both players' learning rates as overrides."""
    return [
        f"optimizer.generator.learning_rate={generator}",
        f"optimizer.discriminator.learning_rate={discriminator}",
    ]


def cases() -> list[Case]:
    """Return every recipe of the study."""
    ring = ["dataset=ring", "model=points", *POINTS]
    grid = ["dataset=grid", "model=points", *POINTS]
    found = [
        Case("demo", (*ring, "loss=minimax", *SLOW_MOMENTUM), 20, 8),
        Case("experiment=ring", ("experiment=ring", *POINTS, "trainer.steps=6000"), 10, 3),
        Case("experiment=digits", ("experiment=digits", *IMAGES), 10, 2),
        Case("experiment=grid", ("experiment=grid", *POINTS, "trainer.steps=10000"), 3),
        Case("grid", (*grid,), 3),
    ]
    for loss in LOSSES:
        chosen = f"loss={loss}"
        r1 = ("penalty=[r1]", "penalty.r1.weight=0.1", "trainer.steps=4000")
        found += [
            Case(f"ring {loss}", (*ring, chosen), 4, 2),
            Case(f"ring {loss} r1", (*ring, chosen, *r1), 3),
            Case(f"small {loss}", ("dataset=digits", *SMALL, *IMAGES, chosen), 3),
        ]
        if loss != "minimax":
            found.append(Case(f"ring {loss} beta_1=0.9", (*ring, chosen, *SLOW_MOMENTUM), 3))
    for loss in ("nonsaturating", "least_squares", "hinge", "relativistic"):
        dcgan = ("dataset=digits", *NARROW, *IMAGES, f"loss={loss}", "trainer.batch_size=64")
        found.append(Case(f"dcgan {loss}", (*dcgan, "trainer.steps=2500"), 2))
    narrow = ["dataset=digits", *NARROW, *IMAGES, "trainer.batch_size=64", "trainer.steps=2500"]
    penalty = ["loss=wasserstein", "penalty=[gradient_penalty]", "penalty.gradient_penalty.weight=0.1"]
    adam = [
        f"{group}.{player}={choice}"
        for player in ("generator", "discriminator")
        for group, choice in (("optimizer", "adam"), ("schedule", "constant"))
    ]
    return [
        *found,
        Case("ring slope", (*ring, *penalty, "trainer.turns.discriminator=5"), 3),
        Case("ring weak discriminator", (*ring, *rates(1e-3, 1e-6)), 3),
        Case("ring fast discriminator", (*ring, *rates(1e-3, 0.1)), 3),
        Case("ring fast generator", (*ring, *rates(0.05, 1e-3)), 3),
        Case("ring rate 1", (*ring, *rates(1.0, 1.0)), 3),
        Case("ring rate 0", (*ring, *rates(0.0, 0.0), "trainer.steps=1000"), 3),
        Case("small fast discriminator", ("dataset=digits", *SMALL, *IMAGES, *adam, *rates(2e-4, 0.02)), 3),
        Case(
            "small minimax five turns",
            ("dataset=digits", *SMALL, *IMAGES, "loss=minimax", "trainer.turns.discriminator=5"),
            3,
        ),
        Case("dcgan fast generator", (*narrow, *rates(0.01, 1e-4)), 3),
        Case("dcgan few images", (*narrow, "dataset.limit=50", "trainer.batch_size=50"), 3),
    ]


def train(study: Path) -> None:
    """Train what the folder does not hold yet; every run is a process of its own."""
    (study / "outputs").mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "ganctl.cli"])
    everything = [(seed, case) for case in cases() for seed in case.seeds()]
    # The first seeds of all recipes first, so that a study that is cut short has something of everything.
    todo = sorted(everything, key=lambda each: each[0] % TUNING)
    begin = time.perf_counter()
    for place, (seed, case) in enumerate(todo, 1):
        file = study / f"{case.name.replace('/', '-')}-{seed}.jsonl"
        if file.exists() or (study / f"{file.stem}.lock").exists():
            continue
        (study / f"{file.stem}.lock").touch()
        name = f"{file.stem.replace(' ', '_').replace('=', '-')}"
        words = ["train", *case.words, f"seed={seed}", f"name={name}", f"outputs={study / 'outputs'}"]
        child = context.Process(target=one, args=(words, str(study / "log.txt")))
        child.start()
        child.join()
        keep(study / "outputs" / name, file, {"case": case.name, "seed": seed, "words": list(case.words)})
        print(f"{place}/{len(todo)} {file.stem} {time.perf_counter() - begin:.0f} s", flush=True)


def one(words: list[str], log: str) -> None:
    """Train one run, quietly."""
    import os

    from ganctl.cli import main

    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.exit(main(words))


def keep(run: Path, file: Path, head: dict[str, Any]) -> None:
    """Keep of a run what the diagnosis reads, and what is true of it; delete the rest."""
    import shutil

    log = run / "metrics.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    last = json.loads((run / "run.json").read_text()) if (run / "run.json").exists() else {}
    measured = [
        line for line in lines if any("/captured" in key or key.startswith("density_cov") for key in line)
    ]
    truth = {
        key: value
        for key, value in (measured[-1] if measured else {}).items()
        if "/" in key and key.split("/")[0] in ("modes", "density_coverage")
    }
    head |= {"truth": truth, "status": last.get("status"), "steps": lines[-1]["step"] if lines else 0}
    kept = [{key: value for key, value in line.items() if KEPT.fullmatch(key)} for line in lines]
    text = "\n".join(json.dumps(each) for each in [head, *kept])
    file.write_text(text + "\n")
    shutil.rmtree(run, ignore_errors=True)
    (file.parent / f"{file.stem}.lock").unlink(missing_ok=True)


GROUPS = {
    "the README's demo": "demo$",
    "experiments": "experiment=",
    "ring and grid, plain": "(ring [a-z_]+|grid)$",
    "ring, beta_1 = 0.9": "ring .*beta_1=0.9$",
    "ring, penalties": "ring .*(r1|slope)$",
    "ring, wrong rates": "ring (weak|fast|rate)",
    "digits, perceptrons": "small",
    "digits, convolutions": "dcgan",
}
POOR, GOOD = (
    0.03,
    0.08,
)  # coverage of all digits by ganctl's own extractor: recipes that work have 0.1 to 0.25


@dataclass(frozen=True)
class Judged:
    """One run: what is true of it, and what the diagnosis says, with the counts of modes and without."""

    case: str
    seed: int
    sick: bool | None
    words: tuple[str, str]
    names: tuple[str, str]


def judge(study: Path) -> list[Judged]:
    """Return what the diagnosis says of every log, as `ganctl doctor` would at the end of the run."""
    from ganctl.diagnosis.examine import examined
    from ganctl.diagnosis.verdict import verdict

    found = []
    for file in sorted(study.glob("*.jsonl")):
        head, *lines = (json.loads(line) for line in file.read_text().splitlines())
        steps = lines[-1]["step"] if lines else 0
        whole = [lines, [{key: line[key] for key in line if not key.startswith("modes/")} for line in lines]]
        seen = [examined(each, steps) for each in whole]
        # What was no finite number ended the run before it came into a line.
        # All points here have modes, which ganctl knows of when it judges a run.
        points = any(key.startswith("modes/") for key in head["truth"])
        said = [verdict(each.findings.values(), each.history, countable=points).word for each in seen]
        words = ["sick" if head["status"] == "failed" else word for word in said]
        names = [", ".join(name for name, one in each.findings.items() if not one.gone) for each in seen]
        found.append(Judged(head["case"], head["seed"], truth(head), tuple(words), tuple(names)))
    return found


def truth(head: dict[str, Any]) -> bool | None:
    """Return whether a run is sick, by what was measured at its end; None where that is between the two."""
    facts = head["truth"]
    if head["status"] == "failed" or head["case"] == "dcgan few images":  # these are learnt by heart
        return True
    if "modes/captured" in facts:
        return facts["modes/captured"] <= 0.9 * facts["modes/total"]
    covered = facts.get("density_coverage/coverage")
    return None if covered is None or POOR <= covered < GOOD else covered < POOR


def table(study: Path) -> None:
    """Print hits, misses and false alarms over the reported seeds, in Markdown."""
    runs = [each for each in judge(study) if each.seed < TUNING]
    print(f"{len(runs)} runs, and {len(judge(study)) - len(runs)} that chose the thresholds.\n")
    for place, title in enumerate(("with the counts of modes", "without them")):
        print(f"\n{title}:\n")
        print("| | sick | named | too early | called healthy | well | healthy | too early | named |")
        print("|---|---|---|---|---|---|---|---|---|")
        rows = [
            (group, [each for each in runs if re.match(mark, each.case)]) for group, mark in GROUPS.items()
        ]
        for group, some in [*rows, ("all", runs)]:
            cells = []
            for sick in (True, False):
                words = [each.words[place] for each in some if each.sick is sick]
                order = ("sick", "too early to judge", "healthy")
                counts = [words.count(word) for word in (order if sick else order[::-1])]
                cells += [len(words), *counts]
            print(f"| {group} | {' | '.join(map(str, cells))} |")
    unclear = [f"{each.case} {each.seed}" for each in runs if each.sick is None]
    print(f"\nNeither, and left out: {', '.join(unclear) or 'none'}.")


def show(study: Path) -> None:
    """Print a line a run."""
    for each in judge(study):
        print(
            each.case,
            each.seed,
            "sick" if each.sick else "well" if each.sick is False else "?",
            *each.words,
            "|",
            each.names[0],
            "|",
            each.names[1],
        )


if __name__ == "__main__":
    what, place = sys.argv[1:]
    {"train": train, "judge": show, "table": table}[what](Path(place).resolve())
