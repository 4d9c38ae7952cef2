"""A conditional game: labels reach both players, and samples are of the class they are asked for."""

import json
import shutil

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import cli
from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.run.folder import Folder


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A short run on digits, measured by class while it trained."""
    folder = tmp_path_factory.mktemp("cgan")
    words = ["metric=[intra_fid]", "evaluation.samples=150", "trainer.steps=4", "trainer.evaluate_every=4"]
    assert cli.main(["train", *tiny("cgan"), *words, "average=ema", f"outputs={folder}", "name=run"]) == 0
    return folder


def test_both_players_see_the_label_and_the_game_s_parts_see_the_image(make, tensorflow):
    _, _, trainer = make(*tiny("cgan"), "augment=[instance_noise]")
    game = trainer.game
    assert game.generator.input_shape == (None, 18) and game.discriminator.input_shape == (None, 28, 28, 11)
    key, image = tensorflow.constant([1, 2]), np.zeros((3, 28, 28, 1), np.float32)
    label = tensorflow.constant([7, 0, 7])
    batch = Batch({"image": image, "label": label}, size=3, key=key)
    seen = game.critic(batch).prepare(tensorflow.constant(image)).numpy()
    assert seen[..., 0].std() > 0  # the noise is on the image,
    maps = np.zeros((3, 28, 28, 10), np.float32)  # and not on the label's maps
    maps[0, ..., 7] = maps[1, ..., 0] = maps[2, ..., 7] = 1
    assert np.array_equal(seen[..., 1:], maps)
    latent = tensorflow.ones((3, 8))
    made = game.generate_from(latent, batch, training=False).numpy()
    code = np.concatenate([np.ones((3, 8)), np.eye(10)[[7, 0, 7]]], axis=1)
    np.testing.assert_allclose(made, game.generator(code, training=False).numpy(), atol=1e-6)
    assert np.allclose(made[0], made[2], atol=1e-6) and not np.allclose(made[0], made[1], atol=1e-4)


def test_a_trained_generator_makes_what_it_is_asked_for(make, tmp_path):
    # Dark images and bright ones: nothing but the label says which a sample has to be.
    for index in range(64):
        folder, grey = ("dark", 40) if index % 2 else ("light", 215)
        (tmp_path / folder).mkdir(exist_ok=True)
        pixels = np.random.default_rng(index).integers(grey - 30, grey + 30, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    data = ["dataset=image_folder", f"dataset.path={tmp_path}", "dataset.size=8", "dataset.channels=1"]
    fast = [f"optimizer.{who}.learning_rate=0.002" for who in ("discriminator", "generator")]
    fast.append("trainer.batch_size=32")
    _, dataset, trainer = make(*tiny("cgan"), *data, *fast, "average=ema")
    assert dataset.classes == ("dark", "light") and trainer.game.columns == 2
    batches = trainer.batches(dataset)
    for _ in range(10):
        trainer.train(batches, 15)
    samples, labels = trainer.sampler.sample(99, seed=3), trainer.sampler.labels(99)
    assert np.array_equal(
        labels, np.arange(99) % 2
    )  # in one order, through blocks that are no multiple of it
    bright = samples.mean(axis=(1, 2, 3))
    assert (bright[labels == 1] > 0).mean() > 0.95 and (bright[labels == 0] < 0).mean() > 0.95
    assert trainer.picture(dataset).shape[1] == 2 * 10 + 2  # a column for each class


def test_rows_between_latents_keep_their_label(make, monkeypatch):
    from ganctl.training.latent_paths import LatentPaths

    _, _, trainer = make(*tiny("cgan"))
    labels, plain = [], trainer.game.generate_from

    def noted(latent, batch, **rest):
        labels.append(batch["label"])
        return plain(latent, batch, **rest)

    monkeypatch.setattr(trainer.game, "generate_from", noted)
    assert LatentPaths(trainer.sampler).between(3, 4).shape == (12, 28, 28, 1)
    assert labels[0].numpy().tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_class_metrics_are_the_same_in_training_of_the_run_and_of_its_samples_in_folders(
    outputs, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    logged = Folder(outputs / "run").metrics()[-1]
    assert {"intra_fid/mean", "intra_fid/worst"} <= logged.keys()

    def evaluate(*words):
        capsys.readouterr()
        assert cli.main(["evaluate", *map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)["values"]

    words = ["metric=[intra_fid,accuracy_score]", "metric.accuracy_score.epochs=1"]
    of_run = evaluate(outputs / "run", "n=150", *words)
    assert of_run["intra_fid/mean"] == pytest.approx(logged["intra_fid/mean"], rel=1e-5)
    assert 0 <= of_run["accuracy_score/accuracy"] <= 1
    assert cli.main(["sample", str(outputs / "run"), "n=150", "seed=0", "out=fakes/"]) == 0
    assert sorted(path.name for path in (tmp_path / "fakes").iterdir()) == list("0123456789")
    # Other latents than those of the evaluation, of as many classes.
    of_files = evaluate("fakes", "dataset=digits", *words)
    assert of_files["intra_fid/mean"] == pytest.approx(of_run["intra_fid/mean"], rel=0.05)


def test_samples_are_of_the_labels_that_one_asks_for(outputs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def drawn(*words):
        assert cli.main(["sample", str(outputs / "run"), "out=raw.npy", *words]) == 0
        return np.load("raw.npy")

    # In the usual order of classes, one after the other, label i belongs to sample i.
    usual = drawn("n=10")
    assert np.array_equal(drawn("label=0..9"), usual) and len(drawn("label=7")) == 1
    sevens = drawn("label=7", "n=10")
    same = [np.allclose(*pair, atol=1e-6) for pair in zip(sevens, usual, strict=True)]
    assert same == [index == 7 for index in range(10)]
    assert cli.main(["sample", str(outputs / "run"), "label=3,8", "n=5", "out=fakes/"]) == 0
    found = {folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "fakes").iterdir()}
    assert found == {"3": 3, "8": 2}
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lable=7"], "There is no option 'lable'. Did you mean 'label'?"),
        (["sed=3"], "There is no option 'sed'. Did you mean 'seed'?"),
        (["image=x.png"], "There is no option 'image'. See: ganctl sample RUN --help"),
        (["label=10"], "label: expected a number from 0 to 9, got '10'."),
        (["label"], "Expected NAME=VALUE, got 'label'."),
        (["label=7", "n=0"], "n: expected a whole number of at least 1, got '0'"),
        (["make=mask"], "make: expected one of image, got 'mask'."),
        (["view=manifold"], "view: expected one of interpolation, walk, got 'manifold'."),
    ],
)
def test_what_the_run_cannot_be_given_is_told_in_one_line(outputs, words, told, capsys):
    assert cli.main(["sample", str(outputs / "run"), *words]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_help_of_a_run_tells_what_it_can_be_given(outputs, capsys):
    from ganctl.commands import sample

    assert cli.main(["sample", str(outputs / "run"), "--help"]) == 0
    usage, told = capsys.readouterr().out.rsplit("\n\n", 1)
    assert usage == sample.__doc__.strip()
    given = "  label=0,9\n  between=0,9\n  view=interpolation\n  view=walk\n"
    assert told == f"{outputs}/run makes image, and can be given:\n{given}"
    assert cli.main(["sample", "n=3", "--help"]) == 0  # no run is named
    assert capsys.readouterr().out.strip() == usage


def test_what_labels_cannot_go_with_is_refused(make):
    with pytest.raises(UsageError, match="model=cgan: expected data with labels of 2 classes or more, got 0"):
        make("dataset=ring", "model=cgan", "network=points")
    for remedy in ("packing", "replay"):
        with pytest.raises(
            UsageError, match=f"^{remedy} would mix samples, .* its own label; leave {remedy} out"
        ):
            make(*tiny("cgan"), f"remedy=[{remedy}]")
    with pytest.raises(
        UsageError, match=r"metric=\[accuracy_score\]: expected samples with labels, got none"
    ):
        make(*tiny("gan"), "metric=[accuracy_score]")


@pytest.mark.parametrize("classes", [["..", "a"], ["a/b", "c"], "ab", [1, 2]])
def test_classes_that_would_lie_elsewhere_are_refused(outputs, tmp_path, capsys, classes):
    shutil.copytree(outputs / "run", tmp_path / "odd")
    record = json.loads((tmp_path / "odd/run.json").read_text())
    record["data"]["fields"]["label"]["classes"] = classes
    (tmp_path / "odd/run.json").write_text(json.dumps(record))
    assert cli.main(["sample", str(tmp_path / "odd"), f"out={tmp_path}/fakes/"]) == 1
    assert "run.json is damaged: its data cannot have the classes" in capsys.readouterr().err
