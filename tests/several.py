"""Small games of points that the recipes do not have: a third player, a second adversary, an own loss."""

from pathlib import Path

import keras
import tensorflow as tf

from ganctl.game.adversary import Adversary
from ganctl.game.turn import Phase, Turn
from ganctl.model.gan import GAN


class Three(GAN):
    """A reader tells what latents a sample was made of; its first layer is the discriminator's."""

    def __init__(self, network, fields, **parts):
        super().__init__(network, fields, **parts)
        given = keras.Input(fields["image"].shape)
        seen = next(layer for layer in self.discriminator.layers if layer.weights)(given)
        outputs = [keras.layers.Dense(self.latent)(seen), keras.layers.Dense(10)(seen)]
        self.reader = keras.Model([given, keras.Input((3,))], outputs, name="reader")
        self.players["reader"] = [self.reader]

    def reader_loss(self, batch):
        read, _ = self.reader([self.generate(batch), tf.zeros((batch.size, 3))], training=True)
        return {"adversarial": tf.reduce_mean(tf.square(read - self.latents(batch)))}


class Two(GAN):
    """A second adversary judges the first number of a point alone; the generator's path is a lazy turn."""

    def __init__(self, network, fields, **parts):
        super().__init__(network, fields, **parts)
        self.edge = Adversary(
            self, network.discriminator, name="edge", shape=(1,), reals=lambda batch: batch["image"][:, :1]
        )
        self.players["discriminator"].append(self.edge.network)
        self.join()

    def discriminator_loss(self, batch):
        fake = self.generate(batch)
        return self.adversary.discriminator(batch, fake) | self.edge.discriminator(batch, fake[:, :1])

    def generator_loss(self, batch):
        fake = self.generate(batch)
        return self.adversary.generator(batch, fake) | self.edge.generator(batch, fake[:, :1])

    def path_loss(self, batch):
        return {"path": tf.reduce_mean(tf.square(self.generate(batch)))}

    def turns(self, counts):
        return [*super().turns(counts), Turn(player="generator", loss="path", every=4)]


class Growing(GAN):
    """Two phases with batches of their own."""

    def __init__(self, network, fields, **parts):
        super().__init__(network, fields, **parts)
        self.phases = (
            Phase(images=64, level=0, batch_size=16),
            Phase(images=32, level=1, batch_size=8, fading=True, rate=0.5, reset=True),
            Phase(level=1, batch_size=4),
        )


class Rebuilding(GAN):
    """What each player pays is the game's own matter, and ranks nothing."""

    own_loss = True

    def __init__(self, network, fields, **parts):
        super().__init__(network, fields, **parts)
        self.adversary.loss.ordered = False

    def discriminator_loss(self, batch):
        real, fake = (tf.reduce_mean(tf.square(self.critic(batch)(each))) for each in self._both(batch))
        batch.note(real=real, fake=fake)
        return {"adversarial": real - 0.5 * fake}

    def generator_loss(self, batch):
        return {"adversarial": tf.reduce_mean(tf.square(self.critic(batch)(self.generate(batch))))}

    def _both(self, batch):
        return batch["image"], self.generate(batch)


RECIPE = """# @package _global_
# A game of the tests
defaults:
{added}  - override /network: points
  - override /loss: {loss}
  - override /optimizer@optimizer.discriminator: adam
  - override /optimizer@optimizer.generator: adam

model: {{_target_: several.{family}, latent: 2, prior: normal}}
network:
  generator: {{hidden: [8]}}
  discriminator: {{hidden: [8]}}
trainer: {{batch_size: 8, samples: 9, log_every: 2, turns: {{}}}}
"""
READER = "  - /optimizer@optimizer.reader: adam\n"


def recipes(folder: Path) -> Path:
    """Write a user's folder with a recipe for each of these games."""
    (folder / "model").mkdir(parents=True)
    for name, family, loss, added in (
        ("three", "Three", "nonsaturating", READER),
        ("two", "Two", "nonsaturating", ""),
        ("growing", "Growing", "nonsaturating", ""),
        ("rebuilding", "Rebuilding", "own", ""),
        ("lone_loss", "Rebuilding", "nonsaturating", ""),
        ("without_reader", "Three", "nonsaturating", ""),
        ("override_reader", "Three", "nonsaturating", READER.replace("- /", "- override /")),
        ("late_reader", "Three", f"nonsaturating\n{READER.rstrip()}", ""),
        ("unknown_reader", "Three", "nonsaturating", READER.replace("adam", "adm")),
    ):
        text = RECIPE.format(family=family, loss=loss, added=added)
        (folder / "model" / f"{name}.yaml").write_text(text)
    return folder
