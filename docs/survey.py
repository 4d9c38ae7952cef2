"""What stabilizes what: every loss x penalty x normalization on the ring, one seed each.

python docs/survey.py measure docs/survey.jsonl      # hours of one core; started again, it goes on
python docs/survey.py measure docs/survey.jsonl 0/2  # every second combination, for two processes
python docs/survey.py table docs/survey.jsonl        # the tables, in Markdown
"""

import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganctl.config.choices import choices
from ganctl.error import Unstable, UsageError

PROTOCOL = [
    "dataset=ring",
    "model=points",
    "network.generator.hidden=[64,64,64]",
    "network.discriminator.hidden=[64,64,64]",
    "metric=[modes]",
    "trainer.batch_size=64",
    "trainer.deterministic=false",
]
STEPS, BUNDLE = 5000, 250
# What suits points of radius 2 and networks of 64; the published numbers are for images in [-1, 1].
SLOPES = ("r1", "r2", "gradient_penalty", "lipschitz", "dragan", "zero_centred")
OPTIONS = {**{slope: "weight=0.1" for slope in SLOPES}, "clip": "bound=0.1"}
LOSSES = [loss for loss in choices("loss") if loss != "mixture"]
PENALTIES = ["none", *choices("penalty")]
NORMS = list(choices("norm"))


def words(penalty: str, norm: str) -> list[str]:
    """Return the overrides of one combination, for all losses."""
    chosen = [] if penalty == "none" else [penalty]
    option = [f"penalty.{penalty}.{OPTIONS[penalty]}"] if penalty in OPTIONS else []
    losses = ["loss=mixture", *(f"loss.weights.{loss}=1.0" for loss in LOSSES)]
    return [*PROTOCOL, *losses, f"penalty=[{','.join(chosen)}]", *option, f"norm.discriminator={norm}"]


def measure(penalty: str, norm: str, losses: list[str]) -> Iterator[tuple[str, dict]]:
    """Train each loss on its own; yield its modes captured, or why there are none.

    One graph serves all losses of a penalty and a normalization: a mixture whose weights are 0 but for one.
    """
    import tensorflow as tf

    from ganctl.config.compose import compose
    from ganctl.training import build

    tf.keras.backend.clear_session()
    config = compose(words(penalty, norm)).plain()
    dataset = build.dataset(config)
    try:
        trainer = build.trainer(config, shape=dataset.shape)
    except UsageError as error:
        yield from ((loss, {"refused": str(error)}) for loss in losses)
        return
    mixture, start = trainer.game.loss, trainer.values()
    weights = {loss: tf.Variable(0.0) for loss in config["loss"]["weights"]}
    mixture.weighted = [
        (part, weights[loss]) for loss, (part, _) in zip(weights, mixture.weighted, strict=True)
    ]
    for chosen in losses:
        for loss, weight in weights.items():
            weight.assign(float(loss == chosen))
        trainer.restore(start)
        begin = time.perf_counter()
        found = train(trainer, dataset)
        yield chosen, found | {"seconds": round(time.perf_counter() - begin, 1)}


def train(trainer: Any, dataset: Any) -> dict:
    """Train to the end; return what the metric says of it, or where it broke."""
    from ganctl.training.trainer import finite

    batches = trainer._stream(dataset)
    try:
        for _ in range(STEPS // BUNDLE):
            report = trainer.train(batches, BUNDLE).numpy().tolist()
            finite(dict(zip(trainer.terms, report, strict=True)), trainer.played)
        return trainer.evaluate(dataset)
    except Unstable as error:
        return {"unstable": error.step}


def run(path: Path, shard: str) -> None:
    """Measure what the file does not hold yet."""
    part, parts = map(int, shard.split("/"))
    known = set()
    for file in path.parent.glob(f"{path.stem}*.jsonl"):
        known |= {tuple(json.loads(line)["combination"]) for line in file.read_text().splitlines()}
    for norm, penalty in list(itertools.product(NORMS, PENALTIES))[part::parts]:
        losses = [loss for loss in LOSSES if (loss, penalty, norm) not in known]
        for loss, found in measure(penalty, norm, losses) if losses else ():
            result = {"combination": (loss, penalty, norm), **found}
            with path.open("a") as file:
                file.write(json.dumps(result) + "\n")
            print(result, flush=True)


def cell(result: dict | None) -> str:
    if result is None:
        return "?"
    if "refused" in result:
        return "refused"
    if "unstable" in result:
        return f"NaN at {result['unstable']}"
    return f"{result['modes/captured']:.0f} ({result['modes/quality']:.0%})"


def summary(lines: list[dict]) -> None:
    """Print what each part has on average over everything that it was combined with."""
    print("\n### On average\n")
    for place, part in enumerate(("loss", "penalty", "normalization")):
        found: dict[str, list[dict]] = {}
        for line in lines:
            if "modes/captured" in line:
                found.setdefault(line["combination"][place], []).append(line)
        print(
            f"| {part} | combinations | modes captured | all eight | within 3 sigma |\n|---|---|---|---|---|"
        )
        for name in sorted(found, key=lambda name: -mean(found[name], "modes/captured")):
            whole = sum(each["modes/captured"] == each["modes/total"] for each in found[name]) / len(
                found[name]
            )
            good = mean(found[name], "modes/quality")
            modes = mean(found[name], "modes/captured")
            print(f"| {name} | {len(found[name])} | {modes:.2f} | {whole:.0%} | {good:.0%} |")
        print()


def mean(lines: list[dict], name: str) -> float:
    return sum(each[name] for each in lines) / len(lines)


def table(paths: list[Path]) -> None:
    """Print one table a normalization: modes captured of 8, and the share of good samples."""
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    results = {tuple(line["combination"]): line for line in lines}
    summary(lines)
    for norm in NORMS:
        print(f"\n### `norm.discriminator={norm}`\n")
        print("| penalty | " + " | ".join(LOSSES) + " |\n|---|" + "---|" * len(LOSSES))
        for penalty in PENALTIES:
            row = [cell(results.get((loss, penalty, norm))) for loss in LOSSES]
            print(f"| {penalty} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "measure":
        run(Path(rest[0]), rest[1] if len(rest) > 1 else "0/1")
    else:
        table([Path(name) for name in rest])
