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
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

from ganctl.config.compose import compose
from ganctl.run import checkpoint
from ganctl.training import build

IMAGES = 96_000  # real images that every recipe sees: 1.6 epochs
SETS = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}
SEEDS = (0, 1, 2)
HALF = ["network.generator.filters=[128,64,32]", "network.discriminator.filters=[32,64]"]
# Convolutional networks of half the recipes' width, so that a run takes minutes; an eighth for dcgan_rmsprop,
# whose full width takes hours; the original GAN as it is; dcgan in its own width too, beside which the best
# must stand. "best_by_class" is the best recipe in a conditional game.
RECIPES = {
    "gan": ["model=gan"],
    "dcgan": ["model=dcgan", *HALF],
    "dcgan_full": ["model=dcgan"],
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
    "best": ["experiment={data}_best"],
    "best_by_class": ["experiment={data}_best", "model=cgan"],
}
LABELS = {
    "dcgan_full": "`dcgan`, its own width",
    "best": "`experiment={data}_best`",
    "best_by_class": "`experiment={data}_best model=cgan`",
}
METRICS = ["fid", "kid", "precision_recall", "density_coverage"]
CLASS_METRICS = ["intra_fid", "accuracy_score"]  # of a conditional game, measured at the end
BY_CLASS = {
    "intra-class FID": "intra_fid/mean",
    "worst class": "intra_fid/worst",
    "accuracy score": "accuracy_score/accuracy",
}
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
    chosen = [word.format(data=data) for word in RECIPES[recipe]] + chosen
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
        metrics = METRICS + (CLASS_METRICS if "model=cgan" in train else [])
        rules = [f"metric=[{','.join(metrics)}]"]
        for each in sorted(wanted - results(outputs / name).keys(), reverse=True):  # the table needs the last
            subprocess.run(
                [*command, "evaluate", str(outputs / name), f"checkpoint={each}", *rules], check=True
            )


def results(run: Path) -> dict[str, dict]:
    """Return what `ganctl evaluate` has kept: values by checkpoint; "last" alone if it is the best."""
    path = run / "evaluation.json"
    kept = json.loads(path.read_text())["results"] if path.is_file() else []
    return {each["checkpoint"]: each["values"] for each in kept}


def table(outputs: Path) -> str:
    """Return the tables of each data set: mean and sample deviation over seeds, of the last and the best."""
    texts = []
    for data in SETS:
        for shown in (SHOWN, BY_CLASS):
            rows = [
                row
                for recipe, which in itertools.product(RECIPES, ("last", "best"))
                if (row := line(outputs, data, recipe, which, shown))
            ]
            if rows:
                texts += [
                    f"### {data}",
                    "",
                    f"| recipe | checkpoint | seeds | {' | '.join(shown)} | minutes |",
                ]
                texts += ["|---|---|---|" + "---|" * (len(shown) + 1), *rows, ""]
    return "\n".join(texts)


def line(outputs: Path, data: str, recipe: str, which: str, shown: dict[str, str]) -> str:
    """Return a table's row of one recipe and checkpoint, "" where no run has all of its numbers."""
    found = {run: results(run) for run in (outputs / f"{data}-{recipe}-{seed}" for seed in SEEDS)}
    found = {run: kept.get(which, kept["last"]) for run, kept in found.items() if kept}
    found = {run: kept for run, kept in found.items() if kept.keys() >= set(shown.values())}
    if not found:
        return ""
    scale = {"kid/kid": 1000}
    columns = [[kept[name] * scale.get(name, 1) for kept in found.values()] for name in shown.values()]
    cells = [cell(column) for column in [*columns, [seconds(run) / 60 for run in found]]]
    label = LABELS.get(recipe, f"`{recipe}`").format(data=data)
    return f"| {' | '.join([label, which, str(len(found)), *cells])} |"


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
            print(shlex.join(["ganctl", "train", *words(data, recipe, seed, Path(rest[0]))]))
    else:
        print(table(Path(rest[0])))
