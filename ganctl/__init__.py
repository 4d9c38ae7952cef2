"""ganctl trains generative adversarial networks: from the command line, and from Python.

    import ganctl

    run = ganctl.train("dataset=digits", "model=cgan", "trainer.steps=2000")
    run = ganctl.open("outputs/digits-cgan-steps=2000")
    images = run.generate(n=16, label=7, seed=1)       # numpy (16, 28, 28, 1), in [-1, 1]

What `ganctl.open`, `ganctl.train` and `ganctl.steps` do is said in docs/python.md.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["open", "steps", "train"]


def __getattr__(name: str) -> Any:
    """Find `open`, `train` and `steps` when they are asked for: the command needs none of them."""
    if name in __all__:
        from ganctl import python

        return getattr(python, name)
    raise AttributeError(f"module 'ganctl' has no attribute '{name}'")
