"""Progressive growing: both networks begin with few pixels, and finer levels fade in one by one."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.field import Fields
from ganctl.game.turn import grown
from ganctl.layer.growth import real_at, whole
from ganctl.model.gan import GAN
from ganctl.network.growing import Growing


class ProGAN(GAN):
    """The original game, played at one level of detail after the other (Karras et al., 2018, section 2).

    A level is trained until so many real images were shown; then the next one's layers fade in over as many
    images as `fading` says (figure 2), and it is trained in turn. All layers are there from the start, so
    that nothing changes shape; level and fade are functions of the images shown. Real images are seen at the
    level's size, and while a level fades in, they are blended with what the level before would show of them,
    as in the authors' release (`networks.py`, `train.py`). Samples are enlarged to the whole size.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 128,
        prior: str = "normal",
        images: int = 60_000,
        fading: int = 60_000,
        batch_sizes: Sequence[int] = (),
        rates: Sequence[float] = (),
        reset: bool = True,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: see `GAN`; networks are called with a `level` and a `fade` (`ganctl.network.growing`).
            fields: of the data, square images.
            latent, prior: see `GAN`.
            images: real images shown at each level once it has faded in; the last lasts until the end.
            fading: real images shown while a level fades in.
            batch_sizes: of each level, from the first; the last number holds for those that are left, and
                `trainer.batch_size` for all where there is none.
            rates: of each level, what learning rates are multiplied with; likewise, 1 where there is none.
            reset: whether the optimizers forget their moments wherever a phase begins (appendix A.1).

        Raises:
            UsageError: for a number outside its range, networks that do not grow, or a part that needs
                images of one size.
        """
        super().__init__(network, fields, latent=latent, prior=prior, **parts)
        if not isinstance(self.generator, Growing):
            raise UsageError("model=progan: expected networks that grow; type network=progan.")
        if "remedy/replay" in self.parts:
            raise UsageError("model=progan: replay keeps fakes of one size; leave it out.")
        self.levels: int = self.generator.levels
        self.phases = grown(
            self.levels,
            images=images,
            fading=fading,
            batch_sizes=batch_sizes,
            rates=rates,
            reset=reset,
        )

    def judged_by(self) -> dict[str, Any]:
        return {"reals": self._reals, "rules": self._rules}

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        """Return fakes of the level's size in training, of the whole size otherwise."""
        fake = self.generator(latent, training=training, **self._rules(batch))
        return fake if training else whole(fake, batch.phase.level, self.levels)

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        """Return samples; the networks end without a bound, so what lies beyond [-1, 1] is cut off."""
        return tf.clip_by_value(super().sample(batch, make), -1.0, 1.0)

    def _rules(self, batch: Batch) -> dict[str, Any]:
        return {"level": batch.phase.level, "fade": batch.fade}

    def _reals(self, batch: Batch) -> tf.Tensor:
        """Return the batch's images at the level's size, blended with the level before while it fades."""
        return real_at(batch["image"], batch.phase.level, batch.fade, levels=self.levels)
