"""Networks: their published shapes, and what they refuse."""

import pytest
from conftest import tiny

from ganctl.error import UsageError


def outputs(network):
    """Return the shapes that the layers with weights give, without the batch."""
    return [tuple(layer.output.shape[1:]) for layer in network.layers if layer.trainable_weights]


@pytest.mark.parametrize(
    ("model", "generator", "discriminator"),
    [  # as the published summaries print them, or weights and biases by hand
        ("dcgan", 2_330_944, 212_865),
        ("dcgan_rmsprop", 2_394_241, 4_311_553),
        (
            "gan",
            101 * 1200 + 1201 * 1200 + 1201 * 784,
            785 * 240 * 5 + 241 * 240 * 5 + 241,
        ),
    ],
)
def test_the_recipes_have_their_published_numbers_of_parameters(model, generator, discriminator, make):
    _, _, trainer = make(f"model={model}")
    counts = [trainer.game.generator.count_params(), trainer.game.discriminator.count_params()]
    assert counts == [generator, discriminator]


def test_dcgan_grows_and_shrinks_as_published(make):
    _, _, trainer = make("model=dcgan")
    made = [shape for shape in outputs(trainer.game.generator) if len(shape) == 3]
    assert (7, 7, 128) in made and (14, 14, 64) in made and made[-1] == (28, 28, 1)
    assert outputs(trainer.game.discriminator) == [(14, 14, 64), (7, 7, 128), (1,)]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("network.generator.upsample=nearst", r"Did you mean 'nearest'\?"),
        ("network.generator.output=tan", r"Did you mean 'tanh'\?"),
        ("network.generator.filters=[8,8]", r"as many strides as filters"),
        ("network.generator.filters=[8,-8,8]", r"filters\[1\]: expected a whole number of at least 1"),
        ("network.discriminator.kernel=0", r"kernel: expected a whole number"),
        ("network.generator.strides=[3,2,2]", r"multiples of 12.*28x28"),
        ("model.prior=gaussian", r"expected one of normal, uniform"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(word, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("dcgan"), word)
