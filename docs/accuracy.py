"""The share of MNIST's test digits that the averaged classifier of a semi-supervised run names.

python docs/accuracy.py RUN MNIST [steps=STEP]
"""

import sys
from pathlib import Path

import numpy as np

from ganctl.config.trust import admit
from ganctl.dataset.images import mnist
from ganctl.game.field import from_facts
from ganctl.run import checkpoint
from ganctl.run.folder import find
from ganctl.training import build


def main(name: str, path: str) -> None:
    """Print how many are wrong."""
    folder = find(name, Path("outputs"))
    config = folder.config()
    admit(config, folder.path, trust=False)
    step, tensors, _ = checkpoint.wanted(folder.checkpoints, "last")
    fields = from_facts(folder.data()["fields"], folder.path / "run.json")
    sampler, state = build.sampler(build.to_draw(config), fields)
    state.restore(tensors)
    data = mnist.mnist(path=path, split="test")
    images = data.take(len(data))
    for averaged in (True, False):
        found = sampler.sample(
            len(images),
            seed=0,
            make="class",
            averaged=averaged,
            inputs=lambda at: {"image": images[at % len(images)]},
        )
        wrong = int((found != np.asarray(data.labels)).sum())
        kind = "averaged" if averaged else "last"
        share = 1 - wrong / len(images)
        print(f"{folder.path}, step {step}, {kind}: {wrong} of {len(images)} wrong, {share:.2%}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
