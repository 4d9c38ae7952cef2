"""The lengths of paths, where they are known."""

import numpy as np
import pytest


def test_of_a_linear_generator_the_length_is_known(tensorflow):
    from ganctl.loss.path_length import path_lengths

    matrix = tensorflow.random.stateless_normal((6, 4 * 4 * 2), (0, 1))

    def render(styles):
        return tensorflow.reshape(tensorflow.matmul(styles[:, 0], matrix), (-1, 4, 4, 2))

    styles = tensorflow.random.stateless_normal((20_000, 1, 6), (0, 2))
    direction = tensorflow.random.stateless_normal((20_000, 4, 4, 2), (0, 3))
    lengths = path_lengths(render, styles, direction).numpy()
    flat = np.reshape(direction, (-1, 32)) / 4  # over the root of 4x4 pixels
    np.testing.assert_allclose(lengths, np.linalg.norm(flat @ matrix.numpy().T, axis=1), rtol=1e-4)
    assert (lengths**2).mean() == pytest.approx(float((matrix.numpy() ** 2).sum()) / 16, rel=0.02)


def test_rows_are_averaged_and_not_summed(tensorflow):
    from ganctl.loss.path_length import path_lengths

    def render(styles):  # the first row moves the picture, the second does not
        return tensorflow.reshape(styles[:, 0, :1], (-1, 1, 1, 1)) * 3.0

    lengths = path_lengths(render, tensorflow.ones((1, 2, 5)), tensorflow.ones((1, 1, 1, 1)))
    assert float(lengths[0]) == pytest.approx(3 / 2**0.5)
