"""What tests build: small recipes of every model, data where they lie beside, a Python of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("GANCTL_DATA", ROOT.parent / "shared" / "data"))

# Small enough that a step takes milliseconds; the shape of each recipe is kept.
NARROW = ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8]"]
TINY = {
    "gan": ["network.generator.hidden=[16]", "network.discriminator.hidden=[8]"],
    "dcgan": NARROW,
    "dcgan64": [
        "network.generator.filters=[8,8,4]",
        "network.discriminator.filters=[4,8]",
        "network.generator.strides=[1,2,2]",
    ],
    "dcgan_rmsprop": [
        "network.generator.filters=[8,8,4,4]",
        "network.discriminator.filters=[4,4,8,8]",
    ],
    "wgan": NARROW,
    "wgan_gp": ["network.generator.filters=[8,8,4]", "network.discriminator.filters=[4,8,8]"],
    "lsgan": NARROW,
    "cgan": NARROW,
    "acgan": [*NARROW, "network.discriminator.strides=[2,2]"],
    "dragan": NARROW,
    "ebgan": ["network.generator.hidden=[16]", "network.discriminator.hidden=[8]"],
    "began": ["network.generator.filters=4", "network.discriminator.filters=4"],
    "infogan": [
        f"network.{player}.{word}"
        for player, filters in (("generator", "[8,4]"), ("discriminator", "[4,8]"))
        for word in (f"filters={filters}", "dense=16")
    ],
    "projection": ["network.generator.filters=[8,8]", "network.discriminator.filters=[8,8]"],
    "sagan": ["network.generator.filters=[8,8]", "network.discriminator.filters=[8,8]"],
    "biggan": ["network.generator.filters=[8,8,8]", "network.discriminator.filters=[8,8]"],
    "cgan_mlp": [f"network.{p}.{w}=8" for p in ("generator", "discriminator") for w in ("of_label", "joint")],
    "reacgan": [
        "network.generator.filters=[8,8,8]",
        "network.discriminator.filters=[8,8]",
        "network.discriminator.embedding=4",
    ],
    "semisupervised": [f"network.{p}.hidden=[16]" for p in ("generator", "discriminator")],
    "madgan": NARROW,
    "cogan": [*NARROW, "network.discriminator.dense=8"],
    "ssgan": ["network.generator.filters=[8]", "network.discriminator.filters=[4,8]"],
    "pacgan": NARROW,
    "sngan": ["network.generator.filters=[8]", "network.discriminator.filters=[4,8]"],
    "points": ["network.generator.hidden=[16]", "network.discriminator.hidden=[8]"],
    "unrolled": [
        "network.generator.hidden=[16]",
        "network.discriminator.hidden=[8]",
        "remedy.unrolled.steps=2",
    ],
    "progan": [
        f"network.{player}.{word}"
        for player in ("generator", "discriminator")
        for word in ("filters=64", "most=8")
    ],
    **{
        model: [f"network.generator.{word}" for word in ("filters=64", "most=8", "width=8", "depth=2")]
        for model in ("stylegan", "stylegan2", "stylegan2_ada")
    },
    "fastgan": [f"network.{part}.filters=2" for part in ("generator", "discriminator", "decoder")],
    "r3gan": [
        f"network.{player}.{word}"
        for player, filters in (("generator", "[8]"), ("discriminator", "[8,8]"))
        for word in (f"filters={filters}", "blocks=1", "group=8")
    ],
}
# From pictures to pictures: no latent, and data of two pictures.
PATCHES = ["network.generator.filters=4", "network.discriminator.filters=4", "network.discriminator.layers=1"]
SHORT = ["dataset.size=16", "dataset.crop=2", "network.generator.blocks=1"]
TRANSLATION = {
    "pix2pix": [*PATCHES, "dataset.size=16", "dataset.crop=2"],
    "cyclegan": [*PATCHES, *SHORT],
    "inpainting": [*PATCHES, "dataset.size=16"],
    "bicyclegan": [*PATCHES, "dataset.size=16", "dataset.crop=2", "network.encoder.filters=4"],
    **{model: [*PATCHES, *SHORT, "network.heads.units=8"] for model in ("cut", "fastcut")},
}
UNPAIRED = ("cyclegan", "cogan", "cut", "fastcut")  # of two domains
SIDE_BY_SIDE = ("pix2pix", "bicyclegan")  # of pairs in a file each
SQUARE = ("progan", "ssgan", "stylegan")  # recipes of square images only
SMALL = ["trainer.batch_size=8", "trainer.samples=9"]


def tiny(model: str) -> list[str]:
    """Return the overrides of a recipe that trains in milliseconds a step."""
    if model in TRANSLATION:
        return [f"model={model}", *TRANSLATION[model], *SMALL]
    return [f"model={model}", *TINY[model], *SMALL, "model.latent=8"]


def built(*overrides: str, **changes):
    """Compose a config from overrides; return (config, dataset, trainer)."""
    from ganctl.config.compose import compose
    from ganctl.training import build

    config = compose(list(overrides)).plain() | changes
    dataset = build.dataset(config)
    return config, dataset, build.trainer(config, dataset.fields)


def data(model: str, folder: Path, *, channels: int = 3) -> list[str]:
    """Write twenty small pictures, 16 high and 24 wide, as a recipe wants them; return the overrides."""
    from PIL import Image

    noise = np.random.default_rng(0)
    for index in range(20):  # in two classes, or two domains, where those are wanted
        pixels = noise.integers(0, 256, (16, 48 if model in SIDE_BY_SIDE else 24, 3), dtype=np.uint8)
        place = f"train{'AB'[index % 2]}" if model in UNPAIRED else str(index % 2)
        place = "train" if model in SIDE_BY_SIDE else place
        (folder / place).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / place / f"{index}.png")
    kind = "unpaired" if model in UNPAIRED else "paired" if model in SIDE_BY_SIDE else "image_folder"
    kind = "masked" if model == "inpainting" else kind
    high = 32 if model == "fastgan" else 16
    wide = high if model in SQUARE else high * 3 // 2
    size = [f"dataset.size=[{high},{wide}]", f"dataset.channels={channels}"]
    return [f"dataset={kind}", f"dataset.path={folder}", *size]


def blobs(count: int):
    """Return a storage of smooth pictures, 16 high and 24 wide: large blots of colour."""
    from ganctl.dataset.images.storage import Memory

    coarse = np.random.default_rng(0).integers(0, 256, (count, 2, 3, 3), dtype=np.uint8)
    return Memory(coarse.repeat(8, axis=1).repeat(8, axis=2))


def python(code: str, **options) -> str:
    """Run code in a Python of its own, which must end well; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def play(trainer, batch, key, step, watched, *, player: str):
    """Play one turn of a player; return its terms."""
    from ganctl.game.turn import Turn

    turn = trainer.rounds.turn((Turn(player=player),), trainer.timeline.spans[0])
    return turn(batch, key, step, watched)


def expect_own_weights(trainer, rows, key, step, watched):
    """Play a turn of each player, and expect that it moves all of its own weights and no others."""

    def weights():
        game = trainer.game
        return {player: [w.numpy() for w in game.weights(player)] for player in game.players}

    for mover in trainer.game.players:
        before = weights()
        terms = play(trainer, rows, key, step, watched, player=mover)
        assert np.isfinite([float(term) for term in terms.values()]).all()
        for player, now in weights().items():
            moved = [not np.array_equal(a, b) for a, b in zip(before[player], now, strict=True)]
            assert all(moved) if player == mover else not any(moved), (mover, player, moved)


def a_batch(tensorflow, dataset, size=8):
    """Return a data set's first batch as a turn is given it."""
    from ganctl.game.batch import Batch

    data = next(iter(dataset.batches(size, seed=0)))
    return Batch(data, size=size, key=tensorflow.constant([1, 2]), step=tensorflow.constant(0, "int64"))


def point_fields(dimensions: int = 2):
    """What an example of points has."""
    from ganctl.game.field import Field

    return {"image": Field(kind="point", shape=(dimensions,))}
