"""Small games on points in the plane, whose rules are all in sight, and what they are trained with."""

import keras
import tensorflow as tf
from builders import point_fields

from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.field import Field
from ganctl.game.game import Game
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.training.settings import Settings
from ganctl.training.trainer import Trainer

SIZE = 8  # examples in a batch
LABELS = ("left", "middle", "right")


def perceptron(width: int, out: int = 1) -> keras.Model:
    """A small network that starts anywhere."""

    def dense(units: int, activation: str | None = None) -> keras.layers.Layer:
        kernel, bias = (keras.initializers.RandomNormal(stddev=0.7) for _ in range(2))
        return keras.layers.Dense(units, activation, kernel_initializer=kernel, bias_initializer=bias)

    layers = [dense(5, "tanh"), dense(out)]
    return keras.Sequential([keras.Input((width,)), *layers])


def judge(shape: tuple[int, ...]) -> keras.Model:
    """A discriminator of points."""
    return perceptron(shape[0])


def batch_of(*, step: int = 0, seed: int = 0, **rules) -> Batch:
    """A batch of points with labels."""
    key = tf.constant([seed, step])
    data = {
        "image": tf.random.stateless_normal((SIZE, 2), (seed, 1)),
        "label": tf.range(SIZE) % len(LABELS),
    }
    return Batch(data, size=SIZE, key=key, step=tf.constant(step, tf.int64), **rules)


class Small(Game):
    """A generator of two networks, one after the other, and one discriminator."""

    build = staticmethod(judge)

    def __init__(self, fields=None, *, seed: int = 0, **parts) -> None:
        keras.backend.clear_session(free_memory=False)  # names begin anew
        keras.utils.set_random_seed(seed)
        labels = {"label": Field(kind="label", classes=LABELS)}
        super().__init__(fields or point_fields() | labels, **{"loss": NonSaturating(), **parts})
        self.early, self.late = perceptron(2, 3), perceptron(3, 2)
        self.adversary = Adversary(self, self.build, **self.judged_by())
        self.players = {"discriminator": self.judges(), "generator": [self.early, self.late]}
        self.join()

    def judged_by(self) -> dict:
        return {}

    def judges(self) -> list[keras.Model]:
        """All discriminators' networks; others than the first are made here."""
        return [self.adversary.network]

    def generate(self, batch: Batch) -> tf.Tensor:
        return batch.once("fake", lambda: self.generate_from(batch.normal(2), training=True))

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generate_from(batch.normal(2), training=False)

    def generate_from(self, latent: tf.Tensor, *, training: bool) -> tf.Tensor:
        return self.late(self.early(latent, training=training), training=training)

    def discriminator_loss(self, batch: Batch):
        return self.adversary.discriminator(batch, self.generate(batch))

    def generator_loss(self, batch: Batch):
        return self.adversary.generator(batch, self.generate(batch))


class Duel(Small):
    """The same against two discriminators, the second of which is called "far"."""

    def judges(self) -> list[keras.Model]:
        self.far = Adversary(self, judge, name="far")
        return [self.adversary.network, self.far.network]

    def discriminator_loss(self, batch: Batch):
        fake = self.generate(batch)
        return self.adversary.discriminator(batch, fake) | self.far.discriminator(batch, fake)

    def generator_loss(self, batch: Batch):
        fake = self.generate(batch)
        return self.adversary.generator(batch, fake) | self.far.generator(batch, fake)


def trainer_of(game, *, optimizer=keras.optimizers.SGD, rate=0.05, average=None, **rules) -> Trainer:
    """A trainer of a game, with an optimizer of one kind for each player."""
    if average:
        average.start(game)
    optimizers = {player: optimizer(learning_rate=rate) for player in game.players}
    settings = Settings(**{"batch_size": SIZE, "samples": 4, "jit": False, **rules})
    return Trainer(game, optimizers, settings, average=average, seed=0)


def labelled(start: int = 0, size: int = SIZE):
    """Endless batches of points with labels, each a function of its number."""

    def one(index: tf.Tensor):
        points = tf.random.stateless_normal((size, 2), tf.stack([index, 7]))
        return {"image": points, "label": tf.range(size) % len(LABELS)}

    return iter(tf.data.Dataset.counter(start).map(one))


def report_of(trainer: Trainer, values: tf.Tensor) -> dict[str, float]:
    """What a round reports, by name."""
    return dict(zip(trainer.rounds.terms, values.numpy().tolist(), strict=True))
