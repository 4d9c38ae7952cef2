"""What a user wants measured, and how: the subject and the evaluation that the words choose."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.config.words import option
from ganctl.error import UsageError

USUAL = "[fid,kid,precision_recall,density_coverage]"


@dataclass
class Options:
    """What to measure."""

    name: str = "latest"
    n: int = option(10_000, least=2)
    seed: int | None = option(None, least=0)
    checkpoint: str = option("last")
    average: bool = option(True)
    out: str = option("")
    overrides: list[str] = field(default_factory=list)
    as_json: bool = option(False, flags=("--json",))
    trust: bool = option(False, flags=("--trust",))


def subject_of(options: Options) -> tuple[Any, dict[str, Any]]:
    """Return what is measured, and a config that says how."""
    from ganctl.config.compose import compose
    from ganctl.evaluate import subjects
    from ganctl.training import build

    path, data = Path(options.name), [word for word in options.overrides if word.startswith("dataset")]
    is_run = (path / "config.yaml").is_file() or not path.exists()
    if is_run and path.suffix in (*subjects.ARRAYS, ".zip"):
        raise UsageError(f"There is no file '{path}'; type the path of one, or of a folder or a run.")
    own = options.name != "data" and is_run
    # A run has its own data, of which only the place may be told.
    chosen = compose([word for word in options.overrides if not (own and word in data)]).plain()
    if not own:
        if not data:
            raise UsageError(
                f"evaluate {options.name}: expected the data to compare with; "
                "type dataset=mnist, for example."
            )
        dataset = build.dataset(chosen | {"metric": {}})
        if options.name == "data":  # a folder of that name is ./data
            subject = subjects.of_images(f"training images of {dataset.name}", dataset, dataset, options.n)
            subject.out = Path("outputs") / f"{dataset.name}-evaluation"
        else:
            subject = subjects.of_files(path, dataset, options.n)
        subject.out = Path(options.out) if options.out else subject.out
        return subject, chosen
    return _run_subject(options, data), chosen


def _run_subject(options: Options, data: list[str]) -> Any:
    """Return a run's generator; its folder may be a stranger's."""
    from ganctl.config.trust import admit
    from ganctl.evaluate import subjects
    from ganctl.run.folder import find
    from ganctl.training import device

    folder = find(options.name, Path("outputs"))
    config = folder.config()
    for word in data:
        key, _, value = word.partition("=")
        if key != "dataset.path":
            raise UsageError(
                f"'{word}': a run is compared with its own data; of them only dataset.path may change."
            )
        config["dataset"]["path"] = value
    admit(config, folder.path, trust=options.trust)
    step, tensors = folder.tensors(options.checkpoint)
    device.wake()  # what is wrong with the words was told before
    subject = subjects.of_run(folder, config, step, tensors, options)
    subject.out = Path(options.out) if options.out else subject.out
    return subject


def measure_of(chosen: dict[str, Any], subject: Any, options: Options) -> Any:
    """Return the evaluation that the words choose, checked against what is measured."""
    from ganctl.config.compose import compose
    from ganctl.training import build

    if not any(word.startswith("metric=") for word in options.overrides):
        usual = "[modes]" if subject.dataset.truth is not None else USUAL
        chosen["metric"] = compose([f"metric={usual}"]).plain()["metric"]
    chosen["dataset"] = subject.node or chosen["dataset"]
    chosen["evaluation"]["samples"] = options.n if subject.count is None else min(options.n, subject.count)
    measure = build.evaluation(chosen)
    measure.check(subject.dataset)
    measure.check_labels(subject.labels is not None)
    return measure
