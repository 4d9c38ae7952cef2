"""The tiny runs that a freeze makes on both sides, and what they are made from."""

from dataclasses import dataclass
from pathlib import Path

from freezing.recipes import FAMILIES, NARROW, NETWORKS, TRANSLATING

SMALL = ["trainer.batch_size=8", "trainer.samples=9", "model.latent=8"]
WRITTEN = ["trainer.steps=4", "trainer.log_every=2", "trainer.sample_every=2", "trainer.save_every=2"]

# Parts that cannot be used without a download of 96 MB each, whose own tests feed them made-up weights; and
# the word for families that bring a loss of their own.
LEFT_OUT = {("extractor", "inception"), ("extractor", "imagenet"), ("loss", "own")}
FEW = ["evaluation.samples=64", "evaluation.real=128"]


@dataclass(frozen=True)
class Run:
    """Commands in an empty folder, one after the other.

    Args:
        name: by which differences are named.
        commands: the words of each, without `ganctl`; {data} and {made} stand for folders.
        devices: of the process.
        codes: exit codes that commands may have.
        says: what its commands must print, or it is not what it is meant to be.
        needs: a folder of the real data, without which the run is left out.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    devices: int = 1
    codes: tuple[int, ...] = (0,)
    says: str = ""
    needs: str = ""

    def has(self, data: Path) -> bool:
        """Return whether the real data that it needs are there."""
        return not self.needs or (data / self.needs).is_dir()


def run(name: str, model: str, *words: str, then: tuple[str, ...] = (), bare: bool = False, **more) -> Run:
    """Return a tiny run of a recipe; `then` are commands after it, `bare` leaves out what makes it tiny."""
    small = [] if bare else [*NETWORKS.get(model, NARROW), *SMALL]
    chosen = [f"model={model}"] if model else []
    train = ("train", *chosen, *small, *WRITTEN, *words)
    return Run(name, (train, *(tuple(command.split()) for command in then)), **more)


def points(name: str, dataset: str, *words: str, model: str = "points", **more) -> Run:
    """Return a tiny run on points."""
    return run(name, model, f"dataset={dataset}", *words, **more)


def plan() -> list[Run]:
    """Return every run; names are unique."""
    made = [*_images(), *_families(), *_parts(), *_points()]
    return [*made, *_experiments(), *_trainer(), *_commands(), *_devices()]


def _families() -> list[Run]:
    return [
        run(f"model-{name}", name, *words, *(() if name in TRANSLATING else SMALL), then=then, bare=True)
        for name, (words, then) in FAMILIES.items()
    ]


def _images() -> list[Run]:
    """Every recipe for images, on the digits that need no download."""
    names = ("gan", "dcgan", "dcgan_rmsprop", "wgan_gp", "lsgan", "dragan", "sngan", "pacgan", "r3gan")
    return [run(f"model-{name}", name) for name in names]


def _parts() -> list[Run]:
    """The parts that no recipe has, as many together as go together."""
    return [
        run(
            "steep",
            "dcgan",
            "penalty=[lipschitz,drift,orthogonal]",
            "norm.discriminator=layer",
            "norm.generator=pixel",
            "minibatch=discrimination",
            "optimizer.generator=adamw",
            "schedule.generator=linear",
            "trainer.order=alternating",
        ),
        run(
            "consistent",
            "gan",
            "penalty=[zero_centred,balanced_consistency,lecam]",
            "penalty.lecam.start=1",
            "norm.discriminator=weight",
            "remedy=[replay]",
            "remedy.replay.size=16",
            "augment=[diffaugment]",
            "loss=relativistic_average",
        ),
        run(
            "matched",
            "gan",
            "penalty=[feature_matching,historical_averaging,consistency]",
            "average=ema",
            "average.statistics=reestimated",
            "norm.generator=batch",
            "minibatch=deviation",
            "optimizer=sgd",
            "schedule=cosine",
        ),
        run(
            "grouped",
            "dcgan",
            "penalty=[latent_consistency,clip]",
            "norm.discriminator=group",
            "norm.discriminator.groups=2",
            "norm.generator=instance",
            "remedy=[top_k]",
            "remedy.top_k.every=1",
            "augment=[adaptive]",
            "augment.adaptive.initial=0.5",
            "trainer.order=alternating",
        ),
        run(
            "mixed",
            "dcgan",
            "loss=mixture",
            "loss.weights.hinge=0.5",
            "loss.weights.wasserstein=0.2",
            "augment=[instance_noise]",
            "average=ema",
            "penalty=[r1]",
            "penalty.r1.every=2",
            "dataset.crop=2",
            "dataset.rotate=10",
            "dataset.holdout=100",
        ),
    ]


def _points() -> list[Run]:
    modes = ["metric=[modes]", "metric.modes.samples=500", "trainer.evaluate_every=2"]
    return [
        points("points-ring", "ring", *modes, "average=ema"),
        points("points-grid", "grid", "loss=least_squares", "norm.discriminator=spectral"),
        points(
            "points-line", "line", "model.latent=1", "penalty=[r2]", then=("sample latest n=20 out=p.npy",)
        ),
        points("points-sine", "sine", "model.latent=1", "model.prior=uniform", "dataset.size=50"),
        points("points-swiss_roll", "swiss_roll", model="unrolled"),
    ]


def _experiments() -> list[Run]:
    """Every experiment; only the lengths are changed, and where the data lie."""
    few = ["trainer.batch_size=8", "trainer.samples=9", "trainer.evaluate_every=4"]
    modes = [*few, "metric.modes.samples=500"]
    mnist, fashion = "dataset.path={data}/mnist", "dataset.path={data}/fashion-mnist"
    return [
        run("experiment-digits", "", "experiment=digits", *few, bare=True),
        *(
            run(f"experiment-{name}", "", f"experiment={name}", *modes, bare=True)
            for name in ("ring", "grid", "hundred")
        ),
        run("experiment-mnist", "", "experiment=mnist_best", mnist, *few, *FEW, bare=True, needs="mnist"),
        run(
            "experiment-fashion",
            "",
            "experiment=fashion_mnist_best",
            fashion,
            *few,
            *FEW,
            bare=True,
            needs="fashion-mnist",
        ),
        run("experiment-stacked", "", "experiment=stacked_mnist", mnist, *modes, bare=True, needs="mnist"),
    ]


def _trainer() -> list[Run]:
    """What the trainer does besides taking steps."""
    sick = ("trainer.steps=12", "trainer.log_every=1", "trainer.save_every=2", "optimizer=sgd")
    return [
        run("accumulated", "dcgan", "trainer.accumulate=2", "trainer.order=simultaneous"),
        run("together", "lsgan", "trainer.order=simultaneous", "trainer.accumulate=2", "average=ema"),
        run("in-turns", "wgan", "trainer.turns.discriminator=2", "trainer.accumulate=2", "seed=3"),
        run("bfloat16", "gan", "trainer.precision=bfloat16"),
        run("float16", "dcgan", "trainer.precision=float16", "penalty=[r1]"),
        run("compiled", "gan", "trainer.jit=true"),
        run("not-compiled", "gan", "trainer.jit=false", "trainer.threads=1", "trainer.deterministic=true"),
        run(
            "resumed",
            "dcgan",
            "average=ema",
            "remedy=[replay]",
            "remedy.replay.size=16",
            "schedule=exponential",
            then=("resume latest trainer.steps=8",),
        ),
        points(
            "rolled-back",
            "ring",
            *sick,
            "loss=wasserstein",
            "optimizer.discriminator.learning_rate=2",
            "optimizer.generator.learning_rate=2",
            "trainer.on_sick=rollback",
            "trainer.rollbacks=2",
            codes=(0, 1, 3),
            says="Back to step",
            then=("doctor latest",),
        ),
    ]


def _commands() -> list[Run]:
    """Commands that read runs, files and data, with every metric and every extractor that is here."""
    classes = "metric=[intra_fid,accuracy_score,inception_score] metric.accuracy_score.epochs=1"
    usual = "metric=[fid,kid,precision_recall,density_coverage,nearest,spread,sliced_wasserstein]"
    folder = (
        "dataset=image_folder",
        "dataset.path={made}/pictures",
        "dataset.size=16",
        "dataset.on_bad=skip",
    )
    changed = ("dataset.flip=true", "dataset.crop=1", "dataset.rotate=10", "dataset.colour=1")
    return [
        run(
            "model-cgan",
            "cgan",
            "dataset.holdout=200",
            f"metric=[{usual[8:-1]}]",
            *FEW,
            "trainer.evaluate_every=2",
            then=(
                "sample latest n=20 seed=5 out=raw.npy",
                "sample latest n=20 out=fakes/",
                "sample latest checkpoint=2 average=false",
                f"evaluate latest n=100 {usual}",
                f"evaluate latest n=100 {classes} checkpoint=best",
                "evaluate fakes/ dataset=digits metric=[fid] extractor=mnist",
                "evaluate raw.npy dataset=digits metric=[fid,kid] extractor=fashion_mnist",
                "evaluate raw.npy dataset=digits metric=[fid] extractor=digits out=named",
                "evaluate raw.npy dataset=digits metric=[fid] extractor=keras out=keras"
                " extractor.path={made}/reader.keras",
                "evaluate data dataset=digits metric=[spread] n=64",
                "compare latest",
            ),
        ),
        run("model-dcgan64", "dcgan64", *folder, *changed, then=("sample latest n=5 out=fakes/",)),
        run("grey", "gan", *folder, "dataset.channels=1", "dataset.fit=pad", "dataset.limit=20"),
        run(
            "cifar10",
            "dcgan",
            "dataset=cifar10",
            "dataset.path={data}/cifar10/cifar10-test10k.zip",
            "dataset.limit=200",
            "dataset.flip=true",
            needs="cifar10",
        ),
        run(
            "mnist",
            "gan",
            "dataset=mnist",
            "dataset.path={data}/mnist",
            "dataset.limit=500",
            "dataset.holdout=100",
            then=("evaluate latest n=64 metric=[nearest,fid] evaluation.real=256",),
            needs="mnist",
        ),
    ]


def _devices() -> list[Run]:
    two = {"devices": 2}
    return [
        run("two-devices", "dcgan", "trainer.devices=2", "average=ema", **two),
        run("two-devices-cgan", "cgan", "trainer.devices=2", "trainer.accumulate=2", **two),
    ]
