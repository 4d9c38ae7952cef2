"""What each recipe reaches on MNIST and Fashion-MNIST, at equal images seen, on two cores.

python docs/results.py measure DATA outputs/results        # hours; started again, it goes on
python docs/results.py measure DATA outputs/results 0/2    # every second run, for two processes
python docs/results.py table outputs/results               # the tables, in Markdown
python docs/results.py commands DATA                       # what `measure` trains, as commands

DATA holds the folders mnist and fashion-mnist with the published idx files.
"""

import itertools
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

from ganctl import build, checkpoint
from ganctl.compose import compose

IMAGES = 96_000  # real images that every recipe sees: 1.6 epochs
SETS = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}
SEEDS = (0, 1, 2)
HALF = ["network.generator.filters=[128,64,32]", "network.discriminator.filters=[32,64]"]
# Convolutional networks of half the recipes' width, so that a run takes minutes; an eighth for dcgan_rmsprop,
# whose full width takes hours; the original GAN as it is. "best": experiment=mnist_best, fashion_mnist_best.
RECIPES = {
    "gan": ["model=gan"],
    "dcgan": ["model=dcgan", *HALF],
    "dcgan_rmsprop": [
        "model=dcgan_rmsprop",
        "network.generator.filters=[32,16,8,8]",
        "network.discriminator.filters=[8,16,32,64]",
    ],
    "lsgan": ["model=lsgan", *HALF],
    "wgan_gp": [
        "model=wgan_gp",
        "network.generator.filters=[128,64,32]",
        "network.discriminator.filters=[32,64,128]",
    ],
    "sngan": ["model=sngan", "network.generator.filters=[32,32]", "network.discriminator.filters=[32,32,32]"],
    "best": [],
}
METRICS = ["fid", "kid", "precision_recall", "density_coverage"]
SHOWN = {
    "FID": "fid/fid",
    "KID x 1000": "kid/kid",
    "precision": "precision_recall/precision",
    "recall": "precision_recall/recall",
    "density": "density_coverage/density",
    "coverage": "density_coverage/coverage",
}


def words(data: str, recipe: str, seed: int, folder: Path) -> list[str]:
    """Return the overrides of one run, its length such that it sees IMAGES."""
    chosen = [f"dataset={data}", f"dataset.path={folder / SETS[data]}"]
    chosen = (RECIPES[recipe] or [f"experiment={data}_best"]) + chosen
    settings = build.settings(compose(chosen).plain())
    steps = math.ceil(IMAGES / settings.images_per_step)
    every = [f"trainer.{name}_every={math.ceil(steps / 4)}" for name in ("evaluate", "save", "sample")]
    return [*chosen, f"metric=[{','.join(METRICS)}]", f"trainer.steps={steps}", *every, f"seed={seed}"]


def runs() -> list[tuple[int, str, str]]:
    """Return (seed, data, recipe) of all runs: every recipe once before any is repeated."""
    return list(itertools.product(SEEDS, SETS, RECIPES))


def measure(folder: Path, outputs: Path, part: str = "0/1") -> None:
    """Train and evaluate what is not there yet: the last checkpoint, and the best by FID."""
    index, count = map(int, part.split("/"))
    for seed, data, recipe in runs()[index::count]:
        name = f"{data}-{recipe}-{seed}"
        command = [sys.executable, "-m", "ganctl"]
        train = words(data, recipe, seed, folder)
        subprocess.run([*command, "train", *train, f"outputs={outputs}", f"name={name}"], check=True)
        weights = outputs / name / "checkpoints"
        best = checkpoint.read(weights / "best.safetensors")[0]
        wanted = {"last"} if best == checkpoint.steps(weights)[-1] else {"last", "best"}
        for each in sorted(wanted - results(outputs / name).keys(), reverse=True):  # the table needs the last
            subprocess.run([*command, "evaluate", str(outputs / name), f"checkpoint={each}"], check=True)


def results(run: Path) -> dict[str, dict]:
    """Return what `ganctl evaluate` has kept: values by checkpoint; "last" alone if it is the best."""
    path = run / "evaluation.json"
    kept = json.loads(path.read_text())["results"] if path.is_file() else []
    return {each["checkpoint"]: each["values"] for each in kept}


def table(outputs: Path) -> str:
    """Return a table of each data set: mean and sample deviation over seeds, of the last and the best."""
    texts = []
    for data in SETS:
        labels = {"best": f"experiment={data}_best"}
        texts += [f"### {data}", "", f"| recipe | checkpoint | seeds | {' | '.join(SHOWN)} | minutes |"]
        texts.append("|---|---|---|" + "---|" * (len(SHOWN) + 1))
        for recipe, which in itertools.product(RECIPES, ("last", "best")):
            found = [outputs / f"{data}-{recipe}-{seed}" for seed in SEEDS]
            kept = {run: each for run in found if (each := results(run))}
            values = [each.get(which, each["last"]) for each in kept.values()]
            if values:
                scale = {"kid/kid": 1000}
                columns = [[each[name] * scale.get(name, 1) for each in values] for name in SHOWN.values()]
                cells = [cell(column) for column in columns]
                spent = [seconds(run) / 60 for run in kept]
                cells = [f"`{labels.get(recipe, recipe)}`", which, str(len(values)), *cells, cell(spent)]
                texts.append(f"| {' | '.join(cells)} |")
        texts.append("")
    return "\n".join(texts)


def cell(values: list[float]) -> str:
    """Return "mean ± deviation" in three digits."""
    mean = f"{statistics.mean(values):.3g}"
    return f"{mean} ± {statistics.stdev(values):.2g}" if len(values) > 1 else mean


def seconds(run: Path) -> float:
    """Return how long a run trained."""
    last = (run / "metrics.jsonl").read_text().splitlines()[-1]
    return float(json.loads(last)["seconds"])


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "measure":
        measure(Path(rest[0]), Path(rest[1]), *rest[2:])
    elif task == "commands":
        for seed, data, recipe in runs():
            print("ganctl train", *words(data, recipe, seed, Path(rest[0])))
    else:
        print(table(Path(rest[0])))
