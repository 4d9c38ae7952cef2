"""Augmentations against NumPy: same random numbers, same images; nothing at strength 0; gradients flow."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from ganctl.augment import adaptive, affine
from ganctl.augment.adaptive import Adaptive, augmented
from ganctl.augment.diffaugment import DiffAugment, color, cutout, translation
from ganctl.augment.noise import InstanceNoise
from ganctl.error import UsageError
from ganctl.game.batch import Batch

SIZE = 6


@pytest.fixture
def batch(tensorflow):
    def at(step=0, key=(1, 2), **changes):
        count = tensorflow.constant(step, "int64")
        return Batch({}, size=SIZE, key=tensorflow.constant(key), step=count, **changes)

    return at


def pictures(channels=3, height=8, width=10, seed=0) -> np.ndarray:
    shape = (SIZE, height, width, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def parts() -> list:
    adaptive_part = Adaptive(initial=0.7)
    adaptive_part.join(None)
    return [InstanceNoise(0.3), DiffAugment(), adaptive_part]


def test_instance_noise_has_its_deviation_and_fades_linearly(tensorflow, batch):
    part = InstanceNoise(sigma=0.5, steps=100)
    for step, sigma in ((0, 0.5), (50, 0.25), (99, 0.005), (100, 0.0), (500, 0.0)):
        assert float(part.level(batch(step).step)) == pytest.approx(sigma, abs=1e-7)
        seen = part.prepare(tensorflow.zeros((SIZE, 60, 60, 1)), batch(step)).numpy()
        assert seen.std() == pytest.approx(sigma, rel=0.02, abs=1e-7)
    assert float(InstanceNoise(0.5, None).level(batch(10**6).step)) == 0.5
    images = pictures()
    assert np.array_equal(part.prepare(tensorflow.constant(images), batch(100)), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_diffaugment_is_the_authors_given_the_same_numbers(channels, tensorflow):
    images, noise = pictures(channels), np.random.default_rng(1)
    first, second, third = noise.uniform(size=(3, SIZE)).astype(np.float32)
    first[0], second[0], first[1], second[1] = 0.0, 0.0, 1 - 1e-7, 1 - 1e-7  # both ends of the ranges
    shifted, cut, colored = (np.zeros_like(images) for _ in range(3))
    for n, image in enumerate(images):
        bright = image + (first[n] - 0.5)
        gray = bright.mean(axis=2, keepdims=True)
        saturated = (bright - gray) * (2 * second[n]) + gray
        colored[n] = (saturated - saturated.mean()) * (third[n] + 0.5) + saturated.mean()
        down, right = (int(np.floor(chance * 3)) - 1 for chance in (first[n], second[n]))  # 8 // 8, 10 // 8
        hole_y, hole_x = int(first[n] * (8 + 1)) - 2, int(second[n] * 10) - 2  # sizes 4, 5: odd, so no + 1
        for y in range(8):
            for x in range(10):
                if 0 <= y + down < 8 and 0 <= x + right < 10:
                    shifted[n, y, x] = image[y + down, x + right]
                if not (hole_y <= y < hole_y + 4 and hole_x <= x < hole_x + 5):
                    cut[n, y, x] = image[y, x]
    given = tensorflow.constant(images)
    assert np.array_equal(translation(given, first, second), shifted)
    assert np.array_equal(cutout(given, first, second), cut)
    np.testing.assert_allclose(color(given, first, second, third), colored, atol=2e-6)


def matrices(uniform: list, normal: list, p: float, height: int, width: int) -> np.ndarray:
    """One image's inverse map as the authors compose it, from the same numbers in the same order."""
    perhaps = lambda value, neutral, chance=p: value if uniform.pop() < chance else neutral  # noqa: E731
    turn = lambda a: np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])  # noqa: E731
    step = lambda x, y: np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])  # noqa: E731
    flip = perhaps(math.floor(uniform.pop() * 2), 0)
    quarter = perhaps(math.floor(uniform.pop() * 4), 0)
    chosen = uniform.pop() < p
    t = [(uniform.pop() * 2 - 1) * 0.125 if chosen else 0 * uniform.pop() for _ in range(2)]
    where = np.diag([1 - 2 * flip, 1, 1]) @ turn(np.pi / 2 * quarter)
    where = where @ step(np.round(t[0] * width), np.round(t[1] * height))
    size = perhaps(2 ** (0.2 * normal.pop()), 1)
    ratio = perhaps(2 ** (0.2 * normal.pop()), 1)
    either = 1 - np.sqrt(1 - p)
    before, after = (perhaps((uniform.pop() * 2 - 1) * np.pi, 0, either) for _ in range(2))
    where = (
        where @ np.diag([1 / size, 1 / size, 1]) @ turn(before) @ np.diag([1 / ratio, ratio, 1]) @ turn(after)
    )
    chosen = uniform.pop() < p
    t = [normal.pop() * 0.125 if chosen else 0 * normal.pop() for _ in range(2)]
    return where @ step(t[0] * width, t[1] * height)


def painted(image: np.ndarray, uniform: list, normal: list, p: float) -> np.ndarray:
    """One RGB image's colours as the authors change them."""
    perhaps = lambda value, neutral: value if uniform.pop() < p else neutral  # noqa: E731
    v = np.ones(3) / np.sqrt(3)
    bright = perhaps(0.2 * normal.pop(), 0)
    contrast = perhaps(2 ** (0.5 * normal.pop()), 1)
    flip = perhaps(math.floor(uniform.pop() * 2), 0)
    angle = perhaps((uniform.pop() * 2 - 1) * np.pi, 0)
    saturation = perhaps(2 ** normal.pop(), 1)
    result = (image + bright) * contrast
    result = result - 2 * flip * (result @ v)[..., None] * v
    luma = (result @ v)[..., None] * v
    around = result - luma
    around = around * np.cos(angle) + np.cross(v, around) * np.sin(angle)
    return luma + saturation * around


@pytest.mark.parametrize("p", [0.0, 0.5, 0.8])
def test_adaptive_augmentation_is_the_authors_but_for_the_filter(p, tensorflow):
    images, noise = pictures(), np.random.default_rng(2)
    uniform = noise.uniform(size=(adaptive.UNIFORMS, SIZE)).astype(np.float32)
    normal = noise.normal(size=(adaptive.NORMALS, SIZE)).astype(np.float32)
    found = augmented(
        tensorflow.constant(images), tensorflow.constant(p), list(uniform), list(normal)
    ).numpy()
    for n, image in enumerate(images):
        u, g = uniform[:, n].tolist(), normal[:, n].tolist()
        where = matrices(u, g, p, 8, 10)
        seen = np.zeros_like(image)
        for y in range(8):
            for x in range(10):
                source = where @ [x - 4.5, y - 3.5, 1]
                seen[y, x] = bilinear(image, source[1] + 3.5, source[0] + 4.5)
        np.testing.assert_allclose(found[n], painted(seen, u, g, p), atol=5e-5)
        assert not u and not g  # every number is used once
    if p == 0:
        assert np.array_equal(found, images)


def bilinear(image: np.ndarray, y: float, x: float) -> np.ndarray:
    def at(row, column):
        row, column = (abs((i + s - 1) % (2 * s - 2) - (s - 1)) for i, s in ((row, 8), (column, 10)))
        return image[int(row), int(column)]

    y0, x0 = math.floor(y), math.floor(x)
    dy, dx = y - y0, x - x0
    above = at(y0, x0) * (1 - dx) + at(y0, x0 + 1) * dx
    return above * (1 - dy) + (at(y0 + 1, x0) * (1 - dx) + at(y0 + 1, x0 + 1) * dx) * dy


@pytest.mark.parametrize("side", [1, 2, 5])
def test_reflection_is_numpy_s(side, tensorflow):
    places = np.arange(-3 * side, 4 * side)
    padded = np.pad(np.arange(side), (3 * side, 3 * side), mode="reflect")
    assert np.array_equal(affine.reflected(tensorflow.constant(places, "float32"), side), padded)


def test_quarter_turns_flips_and_whole_steps_copy_pixels(tensorflow):
    # Everything is chosen (probability 1), the numbers say what: the last ones are taken first.
    images = pictures(height=8, width=8)
    for flip, quarter in ((0.0, 0.25), (0.6, 0.5), (0.9, 0.99)):
        numbers = [0.5, 0.5, 0.0, 0.0, quarter, 0.0, flip]
        uniform = [tensorflow.fill([SIZE], number) for number in numbers]
        found = augmented(tensorflow.constant(images), tensorflow.constant(1.0), uniform, [], ["blit"])
        expected = np.rot90(images, 4 - int(quarter * 4), axes=(1, 2))
        expected = expected[:, :, ::-1] if flip > 0.5 else expected
        either = [np.array_equal(found, e) for e in (expected, np.rot90(expected, 2, axes=(1, 2)))]
        assert any(either), (flip, quarter)


def test_gray_images_change_along_the_luma_axis_as_rgb_ones_do(tensorflow):
    gray, noise = pictures(1), np.random.default_rng(3)
    uniform = list(noise.uniform(size=(adaptive.UNIFORMS, SIZE)).astype(np.float32))
    normal = list(noise.normal(size=(adaptive.NORMALS, SIZE)).astype(np.float32))
    p = tensorflow.constant(0.8)
    found = augmented(tensorflow.constant(gray), p, uniform, normal)
    colored = augmented(tensorflow.constant(np.repeat(gray, 3, axis=3)), p, uniform, normal)
    np.testing.assert_allclose(found, np.asarray(colored)[..., :1], atol=1e-5)


def test_an_image_is_rotated_with_probability_p(tensorflow):
    noise, count = np.random.default_rng(4), 4000
    uniform = list(noise.uniform(size=(adaptive.UNIFORMS, count)).astype(np.float32))
    normal = [np.zeros(count, np.float32)] * adaptive.NORMALS
    ramp = np.tile(np.arange(3.0, dtype=np.float32)[None, None, :, None], (count, 3, 1, 1))
    found = augmented(tensorflow.constant(ramp), tensorflow.constant(0.3), uniform, normal, ["geometric"])
    changed = (np.abs(found - ramp).max(axis=(1, 2, 3)) > 1e-3).mean()
    assert changed == pytest.approx(0.3, abs=0.03)


def run(part, turns, sign, size=8, parts=1):
    """Play discriminator turns that all see this mean sign; return the probability after each."""
    part.join(None)
    part.size = size * parts
    found = []
    for turn in range(turns):
        terms = {"sign": sign(turn)}
        part.after("discriminator", terms)
        part.after("generator", {})
        found.append(float(part.probability))
        assert float(terms["augmented"]) == found[-1]
    return found


def test_the_probability_follows_its_rule(tensorflow):
    sign = lambda value: lambda turn: tensorflow.constant(value)  # noqa: E731
    found = run(Adaptive(images=640, interval=4), 80, sign(0.9))
    step = 4 * 8 / 640
    assert found[:3] == [0.0] * 3 and found[3] == pytest.approx(step)
    assert found[-1] == pytest.approx(0.8) and found[43] == pytest.approx(11 * step)
    assert run(Adaptive(images=640, interval=4, initial=0.1), 12, sign(0.2))[-1] == 0
    # The mean over the interval decides, not its last turn; a mean on the target moves nothing.
    assert run(Adaptive(images=640, interval=2), 2, lambda t: tensorflow.constant([1.0, 0.5][t]))[-1] > 0
    assert run(Adaptive(images=640, interval=2, target=0.5), 2, sign(0.5))[-1] == 0


@pytest.mark.parametrize("index", range(3))
def test_the_same_randomness_gives_the_same_images_and_the_turns_differ(index, tensorflow, batch):
    part, images = parts()[index], tensorflow.constant(pictures())
    once, again = (part.prepare(images, batch()).numpy() for _ in range(2))
    assert np.array_equal(once, again) and not np.array_equal(once, images)
    assert not np.array_equal(once, part.prepare(images, batch(key=(1, 3))))
    shared = batch()
    first, second = (part.prepare(images, shared).numpy() for _ in range(2))
    assert not np.array_equal(first, second)  # real and fake of one turn
    assert len({image.tobytes() for image in first - images.numpy()}) == SIZE


@pytest.mark.parametrize("index", range(3))
def test_gradients_equal_finite_differences(index, tensorflow, batch):
    part, images = parts()[index], pictures(seed=5)
    weights = tensorflow.constant(np.random.default_rng(6).normal(size=images.shape).astype(np.float32))

    def value(pixels):
        # The sum of a linear map of sines: not linear in the pixels, so that the chain rule is used.
        return tensorflow.reduce_sum(weights * tensorflow.sin(part.prepare(pixels, batch())))

    with tensorflow.GradientTape() as tape:
        pixels = tensorflow.constant(images)
        tape.watch(pixels)
        total = value(pixels)
    gradient = tensorflow.convert_to_tensor(tape.gradient(total, pixels)).numpy()
    direction = np.random.default_rng(7).normal(size=images.shape).astype(np.float32)
    above, below = (float(value(tensorflow.constant(images + s * direction))) for s in (1e-2, -1e-2))
    assert (above - below) / 2e-2 == pytest.approx((gradient * direction).sum(), rel=5e-3, abs=0.05)


@pytest.mark.parametrize("index", range(3))
def test_xla_compiles_images_and_gradients_to_the_same_numbers(index, tensorflow, batch):
    part, images = parts()[index], tensorflow.constant(pictures())
    given = batch()
    # XLA's own generators draw other numbers from the same key, so both are given NumPy's.
    for name in ("uniform", "normal"):

        def draw(*shape, name=name):
            numbers = getattr(np.random.default_rng(8), name)(size=(SIZE, *shape))
            return tensorflow.constant(numbers, "float32")

        setattr(given, name, draw)

    def seen(pixels):
        with tensorflow.GradientTape() as tape:
            tape.watch(pixels)
            changed = part.prepare(pixels, given)
            total = tensorflow.reduce_sum(tensorflow.sin(changed))
        return changed, tensorflow.convert_to_tensor(tape.gradient(total, pixels))

    compiled = tensorflow.function(seen, jit_compile=True, autograph=False)
    for one, other in zip(compiled(images), seen(images), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_what_does_not_fit_is_refused(tensorflow):
    for part in (DiffAugment(), Adaptive()):
        with pytest.raises(UsageError, match=r"type augment=\[instance_noise\]"):
            part.shape((2,))
    assert DiffAugment().shape((8, 8, 2)) == (8, 8, 2) and Adaptive().shape((8, 8, 1)) == (8, 8, 1)
    with pytest.raises(UsageError, match="1 or 3 channels"):
        Adaptive().shape((8, 8, 2))
    for wrong, name in (
        (lambda: InstanceNoise(-1), "sigma"),
        (lambda: InstanceNoise(steps=0), "steps"),
        (lambda: DiffAugment(["colour"]), "Did you mean 'color'"),
        (lambda: Adaptive(target=2), "target"),
        (lambda: Adaptive(initial=0.9), "limit=0.8"),
        (lambda: Adaptive(images=0), "images"),
        (lambda: Adaptive(policy=["filter"]), "policy"),
    ):
        with pytest.raises(UsageError, match=name):
            wrong()
    part = Adaptive()
    part.join(SimpleNamespace())
    with pytest.raises(UsageError, match="sign"):
        part.after("discriminator", {})
