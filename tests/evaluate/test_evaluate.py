"""Evaluation as a user meets it: in training, of a run, of files, of the data; one protocol, one number."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import cli, image
from ganctl.config.compose import compose
from ganctl.dataset.images.digits import digits
from ganctl.error import UsageError
from ganctl.evaluate import subjects
from ganctl.metric.evaluation import Evaluation
from ganctl.metric.samples import Samples
from ganctl.metric.summary import Best
from ganctl.metric.view import Side, regrouped
from ganctl.run import checkpoint
from ganctl.run.console import Countdown
from ganctl.run.folder import Folder
from ganctl.training import build

METRICS = [
    "metric=[fid,kid,precision_recall,density_coverage]",
    "evaluation.samples=150",
    "trainer.evaluate_every=4",
    "trainer.best=fid",
]
WORDS = [*tiny("gan"), *METRICS, "trainer.steps=12", "trainer.save_every=4", "trainer.log_every=2"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A run that was evaluated three times, its learning rate so high that the last is not the best."""
    folder = tmp_path_factory.mktemp("evaluate")
    words = ["train", *WORDS, f"outputs={folder}/outputs", "name=run"]
    assert cli.main([*words, "optimizer.generator.learning_rate=0.05"]) == 0
    return folder / "outputs"


@pytest.fixture
def run(outputs):
    return Folder(outputs / "run")


@pytest.fixture
def evaluate(tmp_path, monkeypatch, capsys):
    """Evaluate in an empty folder; return the result, or the error."""
    monkeypatch.chdir(tmp_path)

    def call(*words, code=0):
        capsys.readouterr()
        assert cli.main(["evaluate", *map(str, words), *([] if code else ["--json"])]) == code
        said = capsys.readouterr()
        return said.err if code else json.loads(said.out)

    return call


def test_training_logs_every_number_at_its_interval_with_one_protocol(run):
    lines = [line for line in run.metrics() if "fid/fid" in line]
    assert [line["step"] for line in lines] == [4, 8, 12]
    names = {"kid/kid", "kid/error", "precision_recall/recall", "density_coverage/coverage"}
    assert all(names <= line.keys() for line in lines)
    protocol = run.record()["protocol"]
    assert protocol["samples"] == 150 and protocol["real"] == 1797 and protocol["extractor"] == "digits"
    assert protocol["reference"] == "digits train" and len(protocol["extractor_sha256"]) == 64
    assert protocol["settings"]["precision_recall"] == {"neighbours": 3, "most": 10_000}
    assert {"tensorflow", "numpy", "ganctl"} <= protocol["versions"].keys()


def test_the_best_checkpoint_is_that_of_the_best_number(run):
    values = {line["step"]: line["fid/fid"] for line in run.metrics() if "fid/fid" in line}
    step, best = checkpoint.read(run.checkpoints / checkpoint.BEST)
    assert step == min(values, key=values.get)
    _, same = checkpoint.read(checkpoint.path_of(run.checkpoints, step))
    assert all(np.array_equal(same[name], tensor) for name, tensor in best.items())
    text = (run.path / "log.txt").read_text()
    assert f"best     fid {values[step]:.4g} at step {step}, {values[12]:.4g} at the last (12)" in text


def test_evaluation_leaves_training_alone(run, outputs):
    plain = [word for word in WORDS if not word.startswith(("metric", "evaluation", "trainer.best"))]
    words = ["train", *plain, f"outputs={outputs}", "name=plain", "optimizer.generator.learning_rate=0.05"]
    assert cli.main(words) == 0
    _, with_metrics, _ = checkpoint.newest(run.checkpoints)
    _, without, _ = checkpoint.newest(outputs / "plain/checkpoints")
    assert all(np.array_equal(tensor, without[name]) for name, tensor in with_metrics.items())


def test_a_stopped_run_goes_on_to_the_same_numbers_and_the_same_best(run, outputs):
    words = ["train", *WORDS, f"outputs={outputs}", "name=parts", "optimizer.generator.learning_rate=0.05"]
    assert cli.main([*words, "trainer.steps=8"]) == 0
    assert cli.main(["resume", str(outputs / "parts"), "trainer.steps=12"]) == 0
    parts = Folder(outputs / "parts")

    def numbers(folder):
        names = ("fid/fid", "kid/kid", "precision_recall/precision", "density_coverage/density")
        return [[line.get(name) for name in names] for line in folder.metrics()]

    assert numbers(parts) == numbers(run)
    one, two = (checkpoint.read(folder.checkpoints / checkpoint.BEST) for folder in (run, parts))
    assert one[0] == two[0] and all(np.array_equal(one[1][name], two[1][name]) for name in one[1])


def test_evaluating_the_run_gives_the_number_of_its_log(run, evaluate):
    line = run.metrics()[-1]
    found = evaluate(run.path, "n=150")
    for name in ("fid/fid", "kid/kid", "precision_recall/precision", "density_coverage/coverage"):
        assert found["values"][name] == pytest.approx(line[name], rel=1e-5)
    assert found["protocol"] == run.record()["protocol"]
    best = evaluate(run.path, "n=150", "checkpoint=best")
    least = min(line["fid/fid"] for line in run.metrics() if "fid/fid" in line)
    assert best["values"]["fid/fid"] == pytest.approx(least, rel=1e-5)
    kept = subjects.results(run.path)
    assert [each["checkpoint"] for each in kept] == ["last", "best"]
    evaluate(run.path, "n=150")
    assert [each["checkpoint"] for each in subjects.results(run.path)] == [
        "best",
        "last",
    ]  # replaced, not added
    for name in kept[0]["pictures"]:
        with Image.open(run.path / name) as picture:
            assert picture.width > 200
    assert {"real-and-fake", "nearest", "interpolations", "classes"} == {
        name.split("/")[-1].removesuffix(".png") for name in kept[0]["pictures"]
    }


def test_samples_in_files_have_the_numbers_of_the_same_samples(evaluate, tmp_path):
    images = digits().storage.read(np.arange(0, 600, 3))
    np.save(tmp_path / "bytes.npy", images)
    np.save(tmp_path / "floats.npy", images.astype(np.float32) / 127.5 - 1)
    np.savez(tmp_path / "both.npz", images=images, labels=digits().labels[:600:3])
    (tmp_path / "files").mkdir()
    for index, each in enumerate(images):
        Image.fromarray(each[..., 0]).save(tmp_path / f"files/{index:03d}.png")
    found = [evaluate(name, "dataset=digits") for name in ("bytes.npy", "floats.npy", "both.npz", "files")]
    assert all(each["values"] == found[0]["values"] for each in found)
    assert found[0]["protocol"]["samples"] == 200
    assert evaluate("files", "dataset=digits")["values"] == found[0]["values"]  # the pictures lie elsewhere
    assert (tmp_path / "files-evaluation/nearest.png").is_file()


def test_labels_make_class_metrics_possible(evaluate, tmp_path):
    images, labels = digits().storage.read(np.arange(800)), digits().labels[:800]
    np.savez(tmp_path / "right.npz", images=images, labels=labels)
    np.savez(tmp_path / "wrong.npz", images=images, labels=(labels + 1) % 10)
    words = ["dataset=digits", "dataset.limit=800", "metric=[intra_fid]"]
    right, wrong = (evaluate(name, *words)["values"] for name in ("right.npz", "wrong.npz"))
    assert right["intra_fid/mean"] < 0.1 * wrong["intra_fid/mean"] and wrong["intra_fid/mean"] > 1
    words = [*words[:2], "metric=[accuracy_score]", "metric.accuracy_score.epochs=18"]
    assert evaluate("right.npz", *words)["values"]["accuracy_score/accuracy"] > 0.8


def test_a_part_of_labelled_samples_is_any_part_and_keeps_its_labels(evaluate, tmp_path):
    # Sorted by class, as files often are: the first ones would all be zeros.
    places = np.argsort(digits().labels, kind="stable")
    images, labels = digits().storage.read(places), digits().labels[places]
    np.savez(tmp_path / "sorted.npz", images=images, labels=labels)
    for index, (each, label) in enumerate(zip(images[::3], labels[::3], strict=True)):
        (tmp_path / f"files/{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(each[..., 0]).save(tmp_path / f"files/{label}/{index:04d}.png")
    for name in ("sorted.npz", "files"):
        found = evaluate(name, "dataset=digits", "n=300", "metric=[fid,intra_fid]")["values"]
        assert found["fid/fid"] < 3 and found["intra_fid/mean"] < 10, found
        whole = evaluate(name, "dataset=digits", "metric=[intra_fid]")["values"]
        assert whole["intra_fid/mean"] < found["intra_fid/mean"]


def test_an_older_result_keeps_its_pictures(run, evaluate):
    evaluate(run.path, "n=150")
    before = {name: (run.path / name).read_bytes() for name in subjects.results(run.path)[-1]["pictures"]}
    evaluate(run.path, "n=40", "seed=5", "metric=[fid]")
    later = subjects.results(run.path)[-1]["pictures"]
    assert not set(before) & set(later)
    assert all((run.path / name).read_bytes() == content for name, content in before.items())
    evaluate(run.path, "n=150", "metric=[fid]")  # the same samples: the same pictures
    assert set(subjects.results(run.path)[-1]["pictures"]) == set(before)


def test_a_run_whose_data_moved_is_told_where_they_are(evaluate, tmp_path):
    (tmp_path / "data").mkdir()
    for index, each in enumerate(digits().storage.read(np.arange(60))):
        Image.fromarray(each[..., 0]).save(tmp_path / f"data/{index:02d}.png")
    words = ["dataset=image_folder", "dataset.size=28", "dataset.channels=1", "dataset.path=data"]
    assert cli.main(["train", *tiny("gan"), *words, "trainer.steps=1", "name=moved"]) == 0
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    words = ["moved", "n=20", "metric=[fid]", "extractor=digits"]
    assert "data" in evaluate(*words, code=2)
    assert evaluate(*words, "dataset.path=elsewhere")["values"]["fid/fid"] > 0
    said = evaluate(*words, "dataset.size=32", code=2)
    assert "of them only dataset.path may change" in said and said.count("\n") == 1


def test_samples_that_are_none_are_told(evaluate, tmp_path):
    good = digits().take(40)
    for name, samples in {
        "bytes": (good + 1) * 127.5,
        "nan": np.where(np.arange(40).reshape(-1, 1, 1, 1) == 7, np.nan, good),
        "one": good[:1],
        "none": good[:0],
    }.items():
        np.save(tmp_path / f"{name}.npy", samples)
    assert "expected floats in [-1, 1] (or uint8), got 0 to 255" in evaluate(
        "bytes.npy", "dataset=digits", code=2
    )
    assert "expected floats in [-1, 1]" in evaluate("nan.npy", "dataset=digits", code=2)
    for name, count in (("one", 1), ("none", 0)):
        said = evaluate(f"{name}.npy", "dataset=digits", "metric=[fid]", code=2)
        assert f"{name}.npy: expected 2 samples or more, got {count}" in said
    assert "There is no file 'lost.npy'" in evaluate("lost.npy", "dataset=digits", code=2)
    for labels, said in {
        "float": (np.zeros(40), "expected 40 whole numbers as labels, got float64"),
        "few": (np.zeros(39, int), "expected 40 whole numbers as labels, got int64 of (39,)"),
        "below": (np.arange(40) - 1, "expected labels from 0 to 9, as digits has them, got -1 to 38"),
    }.values():
        np.savez(tmp_path / "bad.npz", images=good, labels=labels)
        assert said in evaluate("bad.npz", "dataset=digits", "metric=[intra_fid]", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["n=2", "metric=[kid]"], "metric=[kid]: expected 3 samples or more, got 2"),
        (
            ["n=3", "metric=[precision_recall]"],
            "metric=[precision_recall]: expected 4 samples or more, got 3",
        ),
        (["metric=[density_coverage]", "evaluation.real=4"], "expected 6 real images or more, got 4"),
    ],
)
def test_too_few_samples_are_told_before_any_is_drawn(words, said, run, evaluate, make):
    assert said in evaluate(run.path, *words, code=2)
    samples = [f"evaluation.samples={word[2:]}" for word in words if word.startswith("n=")]
    with pytest.raises(UsageError, match=re.escape(said)):  # and before a training begins
        make(*tiny("gan"), *samples, *(word for word in words if not word.startswith("n=")))


def test_a_run_with_a_best_by_name_is_sampled_too(run, tmp_path):
    assert cli.main(["sample", str(run.path), "n=4", "checkpoint=best", f"out={tmp_path}/four.npy"]) == 0
    assert np.load(tmp_path / "four.npy").shape == (4, 28, 28, 1)


def test_a_damaged_evaluation_json_is_set_aside(run, evaluate, tmp_path):
    shutil.copytree(run.path, tmp_path / "outputs/hurt")
    file = tmp_path / "outputs/hurt/evaluation.json"
    for content, kept in (("[1, 2]", ""), ('{"results": [{"fid', ".1")):
        file.write_text(content)
        evaluate("hurt", "n=20", "metric=[fid]")
        assert len(json.loads(file.read_text())["results"]) == 1
        assert (file.parent / f"damaged-evaluation.json{kept}").read_text() == content


def test_the_data_themselves_are_the_floor_and_copies_of_it_are_seen(evaluate, tmp_path):
    words = [
        "dataset=digits",
        "dataset.holdout=600",
        "metric=[fid,nearest,spread,sliced_wasserstein,inception_score]",
    ]
    floor = evaluate("data", *words)["values"]
    assert floor["fid/fid"] == pytest.approx(0, abs=1e-3)
    # They are the training images.
    assert floor["nearest/copies"] > 0.98 and floor["nearest/data_copying"] > 0.98
    assert floor["nearest/closer"] > 0.7
    assert floor["spread/distance"] == pytest.approx(floor["spread/of_data"], rel=0.02)
    assert 5 < floor["inception_score/score"] <= 10
    others = digits(holdout=600).held(600)
    np.save(tmp_path / "unseen.npy", others)
    unseen = evaluate("unseen.npy", *words)["values"]
    assert unseen["nearest/copies"] < 0.05
    assert unseen["nearest/data_copying"] == pytest.approx(0.5, abs=0.02)


def test_fewer_samples_than_features_are_told_and_do_not_crash(run, capsys):
    assert cli.main(["evaluate", str(run.path), "n=30", "metric=[fid]"]) == 0
    assert "30 samples cannot fill a covariance of 64 features" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["m=3"], "There is no option 'm=3'."),
        (["n=x"], "n: expected a whole number of at least 2, got 'x'"),
        (["n=1"], "n: expected a whole number of at least 2, got '1'"),
        (["metric=[fdi]"], "metric: there is no 'fdi'. Did you mean 'fid'?"),
        (["metric=[intra_fid]"], "expected samples with labels, got none; type model=cgan"),
        (["metric=[nearest]"], "expected images kept from training to compare with; type dataset.holdout"),
        (["metric=[modes]"], "expected data whose truth is known, got digits"),
        (["extractor=keras"], "extractor"),
        (["dataset=mnist"], "a run is compared with its own data"),
        (["evaluation.reference=test"], "digits has no test split here"),
        (
            ["evaluation.reference=tset"],
            "evaluation.reference: expected one of auto, test, train, got 'tset'",
        ),
        (["checkpoint=11"], "expected last, best or one of the steps [4, 8, 12]; got '11'"),
        (["checkpoint=bets"], "Did you mean 'best'?"),
    ],
)
def test_wrong_words_are_told_in_one_line(words, message, run, evaluate):
    said = evaluate(run.path, *words, code=2)
    assert message in said and said.count("\n") == 1


def test_files_that_do_not_fit_are_told(evaluate, tmp_path):
    np.save(tmp_path / "large.npy", np.zeros((5, 32, 32, 3), np.uint8))
    assert "expected samples of (n, 28, 28, 1)" in evaluate("large.npy", "dataset=digits", code=2)
    assert "expected the data to compare with" in evaluate("large.npy", code=2)
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    assert "cannot be read" in evaluate("bad.npz", "dataset=digits", code=1)
    (tmp_path / "big").mkdir()
    Image.new("L", (32, 32)).save(tmp_path / "big/a.png")
    assert "expected images of 28x28, like the data, got 1 of 1 of another size, a.png of 32x32" in evaluate(
        "big", "dataset=digits", code=2
    )


def test_a_best_checkpoint_by_a_number_that_nothing_measures_is_refused():
    config = compose(["metric=[fid]", "trainer.best=kid"]).plain()
    with pytest.raises(UsageError, match=r"trainer.best: expected auto, none, or a number of metric=\[fid\]"):
        build.dataset(config)
    for wanted, name in {
        "auto": "fid/fid",
        "kid": "kid/kid",
        "precision_recall/recall": "precision_recall/recall",
    }.items():
        config = compose(["metric=[fid,kid,precision_recall]", f"trainer.best={wanted}"]).plain()
        assert build.best_by(config) == name
    assert build.best_by(compose(["metric=[fid]", "trainer.best=none"]).plain()) is None


def test_the_best_knows_which_way_is_better():
    low, high = Best("fid/fid"), Best("modes/captured")
    assert [low.see({"step": step, "fid/fid": value}) for step, value in enumerate([5.0, 6.0, 4.0, 4.0])] == [
        True,
        False,
        True,
        False,
    ]
    assert [high.see({"step": step, "modes/captured": value}) for step, value in enumerate([5, 6, 4])] == [
        True,
        True,
        False,
    ]
    assert not low.see({"step": 9, "fid/fid": float("nan")}) and low.point == (2, 4.0)


def test_what_counts_modes_needs_no_features(tmp_path, monkeypatch):
    from ganctl.dataset.images.stacked_mnist import Stacked
    from ganctl.extractor.auto import Auto
    from ganctl.metric.modes import Modes

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # without the weights of Inception
    dataset = Stacked(digits())
    measure = Evaluation(metrics={"modes": Modes(samples=60)}, extractor=Auto())
    measure.check(dataset)
    pictures = image.to_float(dataset.read(np.arange(60)))
    assert pictures.shape == (60, 28, 28, 3)
    assert np.array_equal(pictures[..., 0], digits().take(60)[..., 0])
    assert not np.array_equal(pictures[..., 1], pictures[..., 0])
    found = measure(Samples(stream=lambda count: iter([pictures])), dataset)
    assert 40 <= found["modes/captured"] <= 60 and found["modes/total"] == 1000
    assert measure.protocol(dataset, samples=5, seed=0, averaged=False)["samples"] == 60


def test_features_are_read_in_parts_and_remembered_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    images, calls = np.zeros((1201, 4, 4, 1), np.float32), []

    def extract(some):
        calls.append(len(some))
        return some.reshape(len(some), -1), some.reshape(len(some), -1)[:, :2]

    def side():
        return Side(lambda count: iter(np.array_split(images[:count], 7)), 1201, extract, key={"data": "x"})

    assert side().features.shape == (1201, 16) and calls == [500, 500, 201]
    assert side().logits.shape == (1201, 2) and len(calls) == 3
    (file,) = (tmp_path / "ganctl/features").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert side().features.shape == (1201, 16) and len(calls) == 6  # damaged: made again
    assert [len(part) for part in regrouped(iter([np.zeros(3), np.zeros(4), np.zeros(0)]), 2)] == [2, 2, 2, 1]


def test_the_test_split_is_the_reference_where_there_is_one(real_data):
    config = compose(
        ["dataset=mnist", f"dataset.path={real_data / 'mnist'}", "dataset.crop=2", "metric=[fid]"]
    ).plain()
    dataset, measure = build.dataset(config), build.evaluation(config)
    protocol = measure.protocol(dataset, samples=10, seed=0, averaged=False)
    assert protocol["reference"] == "mnist test" and protocol["real"] == 10_000
    assert isinstance(measure, Evaluation) and measure.extractor.name == "mnist"


def test_how_far_a_measurement_is_is_told_in_lines_where_there_is_no_terminal(capsys):
    with Countdown(200, "measuring", every=0.0) as countdown:
        countdown.advance(50, "measuring fid")
        countdown.advance(100)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["measuring fid: 25%", "measuring fid: 75%"]
    assert all(re.search(r"ETA \d:\d\d:\d\d$", line) for line in lines)
    with Countdown(200, "measuring", quiet=True, every=0.0) as countdown:
        countdown.advance(50)
    assert capsys.readouterr().out == ""


def test_every_file_is_looked_at_and_every_array_says_its_range(evaluate, tmp_path):
    """The first file stands for none but itself; floats in [0, 1] would be measured as pale pictures."""
    good = digits().take(40)
    np.save(tmp_path / "pale.npy", (good + 1) / 2)
    text = evaluate("pale.npy", "dataset=digits", code=2)
    assert "got none below 0, as pixels in [0, 1] are; store 2 * x - 1" in text
    (tmp_path / "mixed").mkdir()
    for index in range(6):
        side = 64 if index in (3, 5) else 28
        Image.new("L", (side, side), index).save(tmp_path / f"mixed/{index}.png")
    text = evaluate("mixed", "dataset=digits", code=2)
    assert "got 2 of 6 of another size, 3.png of 64x64" in text


def test_a_metric_of_pixels_wants_no_extractor(evaluate, tmp_path):
    """Sliced Wasserstein of colour images asked for Inception's weights, which it does not use."""
    random = np.random.default_rng(0)
    for name in ("real", "fake"):
        (tmp_path / name).mkdir()
        for index in range(12):
            pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"{name}/{index}.png")
    data = ["dataset=image_folder", "dataset.path=real", "dataset.size=32"]
    found = evaluate("fake", *data, "metric=[sliced_wasserstein]")
    assert found["values"]["sliced_wasserstein/mean"] > 0 and found["protocol"]["extractor"] == "none"


def test_the_results_of_a_run_go_where_they_are_sent_and_a_folder_that_takes_none_loses_nothing(
    run, evaluate, monkeypatch
):
    assert evaluate(run.path, "n=60", "out=elsewhere")["values"]
    assert (Path("elsewhere") / "evaluation.json").is_file()

    def full(*_args, **_rules):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("ganctl.evaluate.subjects.keep", full)
    told = []
    monkeypatch.setattr("ganctl.run.console.complain", told.append)
    assert evaluate(run.path, "n=60")["values"]
    assert "takes nothing (Read-only file system)" in told[0] and "type out=FOLDER" in told[0]
