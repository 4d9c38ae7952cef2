"""What each family reaches, on three seeds, as docs/families say it.

python docs/family_results.py measure DATA outputs/families            # hours; started again, it goes on
python docs/family_results.py measure DATA outputs/families 0/2        # every second run, for two processes
python docs/family_results.py measure DATA outputs/families only=cogan # those whose name holds a word
python docs/family_results.py table                                    # the tables, in Markdown
python docs/family_results.py commands DATA                            # what is trained, as commands

DATA holds the folders mnist and fashion-mnist with the published idx files; for pictures made of pictures
also facades (train/ and test/, photo left, labels right) and cats_dogs_128 (train/ and test/ of photographs).
What was measured is kept in family_results.jsonl beside this script, and not measured again as long as its
words are the same: hours may be spread over days and machines.
"""

import json
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

from results import SEEDS, seconds  # the script beside this one

KEPT = Path(__file__).with_name("family_results.jsonl")
BY_CLASS = ["fid", "label_fidelity", "accuracy_score", "intra_fid"]
MNIST, FASHION = "dataset.path={data}/mnist", "dataset.path={data}/fashion-mnist"
COUPLED = ["experiment=digits_and_edges", MNIST]
SMALL = [f"network.{word}" for word in ("generator.filters=32", "discriminator.layers=1")]
TURNED = ["dataset.size=64", "dataset.crop=4", "dataset.flip=true"]
FILTERED = ["dataset=filtered", "dataset.path={data}/cats_dogs_128", "dataset.filter=recoloured", *TURNED]
UNPAIRED = [*FILTERED, "network.generator.filters=16", "network.generator.blocks=4"]
UNPAIRED += ["network.discriminator.filters=32", "network.discriminator.layers=1", "trainer.steps=8000"]
FACADES = ["dataset.path={data}/facades", "dataset.direction=b_to_a", *TURNED, *SMALL, "trainer.steps=10000"]
CATS = ["model=inpainting", "dataset.path={data}/cats_dogs_128", "dataset.flip=true", *SMALL]
CATS += ["trainer.steps=3000"]
# By name: what is trained, and by what it is measured.
RUNS: dict[str, tuple[list[str], list[str]]] = {
    "mnist_by_class": (["experiment=mnist_by_class", MNIST], BY_CLASS),
    "mnist_by_class_acgan": (["experiment=mnist_by_class_acgan", MNIST], BY_CLASS),
    "fashion_mnist_by_class": (["experiment=fashion_mnist_by_class", FASHION], BY_CLASS),
    "labels_100": (["experiment=mnist_100_labels", MNIST], ["accuracy"]),
    "labels_100_alone": (
        ["experiment=mnist_100_labels", MNIST, "model.unlabelled=0", "trainer.steps=2000"],
        ["accuracy"],
    ),
    "cogan_edges": (COUPLED, ["pairs"]),
    "cogan_negatives": ([*COUPLED, "dataset.second=negatives"], ["pairs"]),
    "cogan_edges_nothing_shared": ([*COUPLED, "model.own=0"], ["pairs"]),
    "madgan_ring": (
        ["model=madgan", "dataset=ring", "network=points", "model.generators=8", "trainer.steps=20000"],
        ["modes"],
    ),
    "ebgan": (["model=ebgan", "dataset=mnist", MNIST, "trainer.steps=6000"], ["fid", "spread"]),
    "ebgan_without_pull_away": (
        ["model=ebgan", "dataset=mnist", MNIST, "penalty=[]", "trainer.steps=6000"],
        ["fid", "spread"],
    ),
    "recoloured_pix2pix": (
        [
            "model=pix2pix",
            *FILTERED,
            "dataset.paired=true",
            *SMALL,
            "trainer.batch_size=4",
            "trainer.steps=6000",
        ],
        ["truth"],
    ),
    "recoloured_cut": (["model=cut", *UNPAIRED], ["truth"]),
    "recoloured_cyclegan": (["model=cyclegan", *UNPAIRED], ["truth"]),
    "recoloured_cyclegan_without_cycle": (["model=cyclegan", *UNPAIRED, "model.cycle=0"], ["truth"]),
    "facades_pix2pix": (["model=pix2pix", *FACADES], ["truth"]),
    "facades_pix2pix_l1_alone": (["model=pix2pix", *FACADES, "model.adversarial=0"], ["truth"]),
    "facades_pix2pix_game_alone": (["model=pix2pix", *FACADES, "model.reconstruction=0"], ["truth"]),
    "facades_bicyclegan": (["model=bicyclegan", *FACADES], ["truth", "variety"]),
    "cats_centre": (CATS, ["truth"]),
    "cats_free": ([*CATS, "dataset.mask=free"], ["truth"]),
    "mnist_centre": (
        ["model=inpainting", "dataset.of=mnist", MNIST, *SMALL, "trainer.steps=3000"],
        ["truth"],
    ),
}


def runs() -> list[tuple[int, str]]:
    """Return (seed, name) of all runs: every one once before any is repeated."""
    return [(seed, name) for seed in SEEDS for name in RUNS]


def words(name: str, seed: int, data: str) -> list[str]:
    """Return the overrides of one run."""
    return [word.format(data=data) for word in RUNS[name][0]] + [f"seed={seed}"]


def measure(data: str, outputs: Path, *rest: str) -> None:
    """Train and evaluate what is not there yet."""
    only = next((word.partition("=")[2] for word in rest if word.startswith("only=")), "")
    index, count = map(int, next((word for word in rest if "/" in word), "0/1").split("/"))
    for seed, name in [run for run in runs() if only in run[1]][index::count]:
        run, command = outputs / f"{name}-{seed}", [sys.executable, "-m", "ganctl"]
        if (name, seed) in kept():
            continue
        rules = [f"outputs={outputs}", f"name={run.name}"]
        subprocess.run([*command, "train", *words(name, seed, data), *rules], check=True)
        metrics = f"metric=[{','.join(RUNS[name][1])}]"
        subprocess.run([*command, "evaluate", str(run), metrics], check=True)
        found = json.loads((run / "evaluation.json").read_text())["results"][-1]
        told = {"run": name, "seed": seed, "words": RUNS[name][0], "minutes": round(seconds(run) / 60, 1)}
        with KEPT.open("a") as file:
            file.write(json.dumps(told | {"step": found.get("step"), "values": found["values"]}) + "\n")


def kept() -> dict[tuple[str, int], dict]:
    """Return what was measured of the runs as they are defined now, by name and seed."""
    lines = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.is_file() else []
    known = {(line["run"], line["seed"]): line for line in lines}
    return {key: line for key, line in known.items() if RUNS.get(key[0], [None])[0] == line["words"]}


def table() -> str:
    """Return a row for each run and number: every seed's, and their mean."""
    lines, found = ["| run | number | mean | seeds | minutes |", "|---|---|---|---|---|"], kept()
    for name in RUNS:
        mine = [found[name, seed] for seed in SEEDS if (name, seed) in found]
        for number in mine[0]["values"] if mine else ():
            each = [line["values"][number] for line in mine]
            times = statistics.mean(line["minutes"] for line in mine)
            told = ", ".join(f"{value:.4g}" for value in each)
            lines.append(f"| `{name}` | {number} | {statistics.mean(each):.4g} | {told} | {times:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    task, *given = sys.argv[1:]
    if task == "measure":
        measure(given[0], Path(given[1]), *given[2:])
    elif task == "commands":
        for seed, name in runs():
            print(shlex.join(["ganctl", "train", *words(name, seed, given[0])]))
    else:
        print(table())
