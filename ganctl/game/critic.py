"""A discriminator as losses and penalties see it: a function of the image alone."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ganctl.game.batch import JUDGED, Batch


class Critic:
    """A discriminator as a function of the image alone, which is all that losses and penalties see.

    Args:
        network: what `prepare` gives -> logits (batch, ...), or several outputs, logits first.
        prepare: what is done to images before the network sees them, differentiable; what the network sees
            beside them, such as a label, is put there too.
        batch: the turn's, in which outputs are remembered.
        name: of the adversary whose critic it is.
        beside: the tensor that the network sees beside the images, or None.
        rules: further arguments of the network's call.
    """

    def __init__(
        self,
        network: Callable[..., Any],
        prepare: Callable[[tf.Tensor], Any],
        batch: Batch,
        *,
        name: str = "",
        beside: tf.Tensor | None = None,
        rules: dict[str, Any] | None = None,
    ) -> None:
        self.network, self.prepare, self.batch = network, prepare, batch
        self.name, self.beside, self.rules = name, beside, rules or {}

    def __call__(self, image: tf.Tensor, training: bool = True) -> tf.Tensor:
        """Return the logits of these images, computed anew."""
        return several(self.network(self.prepare(image), training=training, **self.rules))[0]

    def outputs(self, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return all that the network says of these images, logits first.

        It is computed once for each adversary, each tensor of images and each tensor beside them.
        Inside a tape that watches the images call the critic itself: what is remembered was not watched.
        """

        def compute() -> tuple:
            # Both tensors are remembered too: a living tensor's id is its own.
            return (
                image,
                self.beside,
                several(self.network(self.prepare(image), training=True, **self.rules)),
            )

        return self.batch.once(f"{JUDGED}{self.name}/{id(image)}/{id(self.beside)}", compute)[2]

    def logits(self, image: tf.Tensor) -> tf.Tensor:
        """Return what the critic says of these images, computed once; see `outputs`."""
        return self.outputs(image)[0]


def several(found: Any) -> tuple[tf.Tensor, ...]:
    """Return what a network said as a tuple of outputs, of which it may have one."""
    return tuple(found) if isinstance(found, list | tuple) else (found,)
