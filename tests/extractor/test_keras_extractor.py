"""Extractors that Keras saved: what features and logits of a model are, and which files are refused."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from builders import python

from ganctl.error import RunError, UsageError
from ganctl.extractor import feed, keras_model
from ganctl.extractor.keras_model import ImageNet, Keras

# Of Keras on TensorFlow with a NumPy that is newer, when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A folder of small models; softmax.keras and scores.keras differ in how they end only."""
    import keras
    from keras import layers

    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(1)
    pictures = keras.Input((12, 10, 3))
    convolved = layers.Conv2D(4, 3, activation="relu", name="convolution")(pictures)
    pooled = layers.Dropout(0.5)(layers.GlobalAveragePooling2D(name="pool")(convolved))
    head = layers.Dense(5, name="head")
    scores = keras.Model(pictures, head(pooled))
    scores.compile("adam", loss="mse")
    scores.save(folder / "scores.keras")
    keras.Model(pictures, layers.Softmax()(scores.output)).save(folder / "softmax.keras")
    inner = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3), layers.LeakyReLU()])
    any_size = keras.Input((None, None, 1))
    averages = keras.ops.mean(inner(any_size), axis=(1, 2))
    output = layers.Dense(3, activation="softmax", kernel_regularizer="l2")(averages)
    keras.Model(any_size, output).save(folder / "any.keras")
    return folder


def images(count: int = 3, *shape: int) -> np.ndarray:
    bytes_ = np.random.default_rng(0).integers(0, 256, (count, *(shape or (12, 10, 3))))
    return bytes_.astype(np.float32) / 127.5 - 1


def test_features_are_what_the_head_reads_and_logits_its_scores(saved, monkeypatch):
    import keras

    model = keras.models.load_model(saved / "scores.keras", compile=False)
    extractor = Keras(str(saved / "scores.keras"))
    assert extractor.name == "keras"
    assert extractor.resize == "tensorflow2 bilinear antialiased 12x10, pixels signed, layer before the last"
    assert extractor.sha256 == hashlib.sha256((saved / "scores.keras").read_bytes()).hexdigest()
    monkeypatch.setattr(keras_model, "CHUNK", 2)
    features, logits = extractor(images())
    assert features.shape == (3, 4) and logits.shape == (3, 5)
    assert features.dtype == logits.dtype == np.float32
    pooled = keras.Model(model.inputs[0], model.get_layer("pool").output)
    np.testing.assert_allclose(features, pooled(images()), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(logits, model(images()), rtol=1e-5, atol=1e-6)
    features, logits = extractor(images(0))
    assert features.shape == (0, 4) and logits.shape == (0, 5)


def test_the_logarithms_of_a_softmax_are_its_logits(saved):
    from scipy.special import log_softmax

    _, logits = Keras(str(saved / "scores.keras"))(images())
    _, logs = Keras(str(saved / "softmax.keras"))(images())
    np.testing.assert_allclose(logs, log_softmax(logits, axis=1), rtol=1e-4, atol=1e-5)


def test_a_layer_with_pixels_is_averaged_and_one_that_is_not_there_is_named(saved):
    path = str(saved / "scores.keras")
    np.testing.assert_allclose(
        Keras(path, layer="convolution")(images())[0], Keras(path)(images())[0], rtol=1e-5, atol=1e-6
    )
    with pytest.raises(UsageError, match=r"got 'convolutoin'. Did you mean 'convolution'?"):
        Keras(path, layer="convolutoin")


def test_another_layer_or_scale_is_another_protocol_and_another_place_in_the_cache(saved):
    from ganctl.metric.view import some_of

    class Set:
        fingerprint, labels = "a", None

        def __len__(self):
            return 2

        def read(self, places):
            return np.full((len(places), 12, 10, 3), 100, np.uint8)

    path = str(saved / "scores.keras")
    ways = [{}, {"layer": "convolution"}, {"scale": "unit"}, {"layer": "convolution", "scale": "unit"}]
    extractors = [Keras(path, **way) for way in ways]
    assert len({each.resize for each in extractors}) == 4  # which the protocol and the cache's key hold
    sides = [some_of(Set(), 2, each) for each in extractors]
    assert len({str(side._key) for side in sides}) == 4


def test_pixels_are_scaled_and_resized_as_the_model_wants(saved):
    path = str(saved / "any.keras")
    extractor = Keras(path)
    assert extractor.resize.startswith("none, ")
    small, large = extractor(images(1, 6, 7, 1)), extractor(images(1, 30, 20, 1))
    assert small[0].shape == large[0].shape == (1, 2)
    light = np.ones((1, 8, 8, 1), np.float32)
    by_scale = {scale: Keras(path, scale=scale)(light)[0] for scale in ("signed", "unit", "bytes")}
    np.testing.assert_allclose(by_scale["signed"], by_scale["unit"], rtol=1e-5)  # white is 1 in both
    np.testing.assert_allclose(by_scale["bytes"], 255 * by_scale["unit"], rtol=1e-4)  # it has no bias yet
    wide = Keras(str(saved / "scores.keras"))
    plain = [np.full((1, *size, 3), 0.2, np.float32) for size in ((50, 60), (12, 10))]
    np.testing.assert_allclose(wide(plain[0])[0], wide(plain[1])[0], rtol=1e-4)
    gray = wide(images(2, 12, 10, 1))[0]
    np.testing.assert_array_equal(gray, wide(np.repeat(images(2, 12, 10, 1), 3, axis=-1))[0])


def test_shapes_are_checked(saved):
    Keras(str(saved / "scores.keras")).check((64, 64, 3))
    Keras(str(saved / "scores.keras")).check((64, 64, 1))
    with pytest.raises(UsageError, match=r"keras: expected images of 1 channels, got samples of shape 8x8x3"):
        Keras(str(saved / "any.keras")).check((8, 8, 3))
    with pytest.raises(UsageError, match="got samples of shape 2;"):
        Keras(str(saved / "any.keras")).check((2,))


def test_wrong_paths_and_words_are_named(saved):
    with pytest.raises(UsageError, match=r"type extractor.path=FILE.keras"):
        Keras()
    with pytest.raises(UsageError, match=r"expected a .keras file, got '.*none.keras'"):
        Keras(str(saved / "none.keras"))
    with pytest.raises(UsageError, match=r"extractor.scale: expected one of signed, unit, bytes, got 'sign'"):
        Keras(str(saved / "any.keras"), scale="sign")


def altered(saved: Path, change) -> Path:
    """Write scores.keras with another description beside its weights."""
    path = saved / "altered.keras"
    with zipfile.ZipFile(saved / "scores.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config)
            target.writestr(name, content)
    return path


def with_part(**part):
    def change(config):
        config["config"]["layers"][1]["config"]["kernel_initializer"] = part

    return change


LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEA"}}
FOREIGN = {
    "lambda": with_part(**LAMBDA),
    "Lambda": with_part(module="keras.layers", class_name="Lambda", config={}),
    "TFSMLayer": with_part(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/"}),
    "load_model": with_part(module="keras.models", class_name="load_model", config={}),
    "Popen": with_part(module="subprocess", class_name="Popen", config={}),
    "Mine": with_part(module=None, class_name="Mine", config={}, registered_name="Custom>Mine"),
    "Zeros": with_part(
        module="keras.initializers", class_name="Zeros", config={}, registered_name="My>Zeros"
    ),
    "system": with_part(module="os", class_name="function", config="system", registered_name="system"),
    "get_file": with_part(module="keras.utils", class_name="function", config="get_file"),
    "typespec": with_part(module="tensorflow", class_name="__typespec__", config=[]),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_with_parts_that_are_not_keras_s_own_is_refused_before_it_is_built(saved, name):
    with pytest.raises(RunError, match=rf"altered.keras: expected only Keras's own layers.*{name}"):
        Keras(str(altered(saved, FOREIGN[name])))


def test_how_a_model_was_trained_is_not_read(saved):
    def change(config):
        config["compile_config"] = {"loss": {"module": "os", "class_name": "function", "config": "system"}}

    assert Keras(str(altered(saved, change)))(images())[1].shape == (3, 5)


def test_a_model_of_something_else_than_images_is_refused(saved):
    def change(config):
        config["config"]["layers"][0]["config"]["batch_shape"] = [None, 7]

    with pytest.raises(UsageError, match=r"expected a model that reads images .* got inputs \[\[None, 7\]\]"):
        Keras(str(altered(saved, change)))


def test_a_damaged_file_is_refused_in_one_line(saved):
    path = saved / "damaged.keras"
    for content in (b"", b"PK", (saved / "scores.keras").read_bytes()[:300]):
        path.write_bytes(content)
        with pytest.raises(RunError, match=r"damaged.keras: expected a model that Keras 3 saved as .keras"):
            Keras(str(path))

    def change(config):
        config["config"]["layers"][1]["config"]["filters"] = 9  # not what its weights are

    with pytest.raises(RunError, match=r"altered.keras: Keras cannot read this model") as refusal:
        Keras(str(altered(saved, change)))(images())
    assert "\n" not in str(refusal.value)


def test_imagenet_is_keras_s_network_under_another_name(tmp_path, monkeypatch):
    import keras

    keras.utils.set_random_seed(3)
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    path = tmp_path / "weights.h5"
    # As small as its file would be large: the network gets random weights where it would read them.
    path.write_bytes(b"weights")
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **_: model)
    read = []
    monkeypatch.setattr(model, "load_weights", lambda given: read.append(given.read_bytes()))
    extractor = ImageNet(str(path), verify=False)
    assert (extractor.name, extractor.resize) == ("imagenet", "tensorflow2 bilinear antialiased 299x299")
    one = images(1, 299, 299, 3)
    features, logits = extractor(one)
    assert features.shape == (1, 2048) and read == [b"weights"]
    np.testing.assert_allclose(logits, model(one, training=False), rtol=1e-3, atol=1e-5)
    assert "NOT" in (ImageNet.__doc__ or "")


def test_imagenet_s_weights_are_pinned_and_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"imagenet: expected its weights at .*extractor.download=true"):
        ImageNet()
    (tmp_path / "own.h5").write_bytes(b"own")
    with pytest.raises(UsageError, match=r"type extractor.verify=false"):
        ImageNet(str(tmp_path / "own.h5"))


def test_a_run_in_another_precision_is_measured_in_float32(tmp_path, monkeypatch):
    import keras

    made = {}

    def network(**_):
        made["policy"] = keras.config.dtype_policy().name
        raise ValueError("enough")

    monkeypatch.setattr(keras.applications, "InceptionV3", network)
    (tmp_path / "own.h5").write_bytes(b"own")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(RunError, match=r"own.h5: Keras cannot read this model \(enough\)"):
            ImageNet(str(tmp_path / "own.h5"), verify=False)(images())
        assert made["policy"] == "float32" and keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_float32_is_not_rounded_while_a_network_reads(tensorflow):
    rounding = tensorflow.config.experimental.tensor_float_32_execution_enabled
    before, inside = rounding(), []
    feed.in_chunks(lambda some: (inside.append(rounding()) or some, some), np.zeros((2, 1)), 1)
    assert inside == [False, False] and rounding() == before


def test_settings_are_checked_without_tensorflow(saved):
    code = (
        "import sys; from ganctl.extractor.keras_model import Keras\n"
        f"Keras({str(saved / 'scores.keras')!r}, layer='pool').check((32, 32, 1))\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    python(code)
