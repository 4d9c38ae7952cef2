"""A run's life: begun or continued, kept out of harm's way, and ended with a word on what to do next."""

import os
import re
import signal
import time
from collections.abc import Sequence
from typing import Any

import yaml

from ganctl.config import ranges
from ganctl.config.chosen import Chosen, key_of, noted
from ganctl.config.compose import Composition
from ganctl.config.following import lengthened
from ganctl.config.lives import differences
from ganctl.config.run_name import outputs_of
from ganctl.config.trust import check_links
from ganctl.error import GanctlError, RunError, Unstable, UsageError
from ganctl.run import checkpoint
from ganctl.run.console import Display, complain, outliving, say
from ganctl.run.writer import Run
from ganctl.training import build
from ganctl.training.facts import asks, facts, protocol
from ganctl.training.monitor import Monitor, Sick, goes_back, looks_back, lowered, settle, summary
from ganctl.training.settings import Settings
from ganctl.training.start import adopt


def begin(composition: Composition, name: str, *, dry_run: bool = False) -> int:
    """Train what a command line asked for: a new run, or the rest of one that exists.

    Raises:
        UsageError: when the folder holds another experiment or another process's run.
    """
    config = composition.plain()
    settings = build.settings(config)
    path = outputs_of(config) / name
    dataset = build.dataset(config)
    if settings.batch_size > len(dataset):
        raise UsageError(
            f"trainer.batch_size: expected at most {len(dataset)} (the data, {dataset.name}), "
            f"got {settings.batch_size}."
        )
    if settings.epochs:
        # Schedules may follow the steps, so the config is resolved again.
        composition.config.trainer.steps = _steps_of(settings, dataset)
        config = composition.plain()
    config["name"] = name
    if dry_run:
        from ganctl.training.dry_run import show

        show(config, dataset, path)
        return 0
    run = Run(path)
    check_links(path, f"delete it, or if you made it: ganctl resume {run.typed} --trust")
    with run.locked():
        if run.exists:
            _same_experiment(run, config)
        return play(run, config, dataset, composition.chosen)


def proceed(run: Run, config: dict[str, Any], words: Sequence[str] = ()) -> int:
    """Continue an existing run with its own config, which words have changed; return the exit code."""
    known = noted(run.record())
    chosen = known and known.later(words, run.config())
    settings = build.settings(config)
    # Whoever names data wants to know whether they are the run's, even if there is nothing left to train.
    named = settings.epochs or any(key_of(word).startswith("dataset.") for word in words)
    dataset = build.dataset(config) if named else None
    if dataset and settings.epochs:
        config["trainer"]["steps"] = _steps_of(settings, dataset)
    if not dataset and _finished(run, build.settings(config)):
        return 0
    config = _lengthened(run, config)
    ranges.check(config)
    dataset = dataset or build.dataset(config)
    with run.locked():
        return play(run, config, dataset, chosen)


@outliving()
def play(run: Run, config: dict[str, Any], dataset: Any, chosen: Chosen | None) -> int:
    """Train a run to its last step from where it is; return the exit code.

    Raises:
        RunError: when it fails; its checkpoints are intact.
    """
    settings = build.settings(config)
    _same_data(run, dataset)
    if _finished(run, settings):
        return 0
    started = time.perf_counter()
    settle(run)
    trainer = build.trainer(lowered(run, config), dataset.fields)
    step, begun = _restore(run, trainer), {}
    if not step and not checkpoint.steps(run.checkpoints):
        begun = adopt(trainer.state, config)
    # Only now: a config that cannot be built leaves no folder behind and changes none.
    run.create(yaml.safe_dump(config, sort_keys=False))
    _introduce(run, config, dataset, step)
    for warning in trainer.game.warnings:
        complain(f"WARNING: {warning}")
    run.keep = looks_back(settings)
    run.note(
        status="running",
        process=os.getpid(),
        error=None,
        **protocol(trainer, dataset),
        **facts(dataset),
        **begun,
        **(chosen.facts() if chosen else {}),
        samples=asks(trainer.game),
    )
    run.open(_display(settings, trainer), step=step)
    try:
        with run.interruptible():
            step = _train(run, config, dataset, trainer)
    except BaseException as error:
        _failed(run, error)
        raise
    finally:
        run.close()
    return _end(run, settings, step, time.perf_counter() - started)


def _train(run: Run, config: dict[str, Any], dataset: Any, trainer: Any) -> int:
    """Train, as often as the diagnosis sends the run back; return the step that was reached."""
    settings = build.settings(config)
    while True:
        try:
            rules = {"best": build.best_by(config), "evaluation": trainer.evaluation}
            trainer.fit(dataset, Monitor(run, config, settings, **rules))
            return trainer.played
        except (Sick, Unstable) as error:
            if not goes_back(run, config, settings, error):
                raise
        run.close()
        # Built anew, as a process would that resumes the run: both go on exactly alike.
        trainer = build.trainer(lowered(run, config), dataset.fields)
        run.open(_display(settings, trainer), step=_restore(run, trainer))


def _display(settings: Settings, trainer: Any) -> Display:
    return Display(steps=settings.steps, images=trainer.timeline.images)


def _steps_of(settings: Settings, dataset: Any) -> int:
    """Return the rounds that `trainer.epochs` passes over the data take."""
    return max(1, round((settings.epochs or 0) * len(dataset) / settings.images_per_step))


def _lengthened(run: Run, config: dict[str, Any]) -> dict[str, Any]:
    """Return a run's config, changed by words, whose schedules end where its training now ends."""
    steps = config["trainer"]["steps"]
    old = config | {"trainer": config["trainer"] | {"steps": run.config()["trainer"]["steps"]}}
    found, changed = lengthened(old, steps, _typed(run))
    for key, value in changed.items():
        say(f"{key}={value}: it follows trainer.steps={steps}.")
    return found


def _typed(run: Run) -> set[str]:
    """Return the keys that the words of a run's command gave values of their own."""
    known = noted(run.record())
    return {key_of(word) for word in known.words} if known else set()


def _same_experiment(run: Run, config: dict[str, Any]) -> None:
    before, _ = lengthened(run.config(), config["trainer"]["steps"], _typed(run))
    different = differences(before, config)
    if different:
        shown = "; ".join(different[:6]) + ("; ..." if len(different) > 6 else "")
        raise UsageError(
            f"{run.path} holds another experiment ({shown}). Give this one its own name=..., "
            f"or go on with that one: ganctl resume {run.typed}"
        )


def _same_data(run: Run, dataset: Any) -> None:
    known = str(run.data().get("fingerprint", ""))
    if known and known != dataset.fingerprint:
        raise UsageError(
            f"{run.path} was trained on other data (fingerprint {known[:12]}, "
            f"now {dataset.fingerprint[:12]}); give dataset.path of the same data, or another name=..."
        )


def _finished(run: Run, settings: Settings) -> bool:
    step = run.step
    if run.record().get("status") != "finished" or step < settings.steps:
        return False
    say(f"{run.path} is finished at step {step}.")
    say(f"To train further: ganctl resume {run.typed} trainer.steps={max(2 * step, 1)}")
    return True


def _restore(run: Run, trainer: Any) -> int:
    """Bring a trainer to the newest intact checkpoint; return its step."""
    if not checkpoint.steps(run.checkpoints):
        if run.record().get("step"):
            complain(f"WARNING: {run.checkpoints} holds no checkpoint any more; starting again at step 0.")
        return 0
    step, tensors = run.tensors()
    trainer.state.restore(tensors)
    return step


def _introduce(run: Run, config: dict[str, Any], dataset: Any, step: int) -> None:
    from ganctl.training import device

    if device.emulates(config["trainer"]["precision"]):
        complain("WARNING: this processor emulates that trainer.precision, slowly; float32 is faster here.")
    size = "x".join(map(str, dataset.shape))
    skipped = f", {dataset.skipped} bad files skipped" if dataset.skipped else ""
    source = f" from {config['from']}" if config.get("from") else ""
    verb = f"Resuming {run.path} at step {step}" if step else f"Training {run.path}{source}"
    run.say(
        f"{verb}: {len(dataset)} examples of {size} ({dataset.name}{skipped}), "
        f"{device.describe()}, {build.PRECISIONS[config['trainer']['precision']]}"
    )
    if dataset.about and not step:
        run.say(f"  before   {dataset.about}")


def _failed(run: Run, error: BaseException) -> None:
    """Say in run.json how the run ended, if the disk still lets us."""
    text = reason(error)
    try:
        run.note(status="stopped" if isinstance(error, Sick) else "failed", error=text)
    except (OSError, GanctlError) as problem:
        complain(f"run.json does not say so: {problem}")
    if not isinstance(error, GanctlError | OSError | KeyboardInterrupt):
        raise RunError(
            f"{run.path} stopped: {text.rstrip('.')}. "
            f"Saved until step {run.step}; go on: ganctl resume {run.typed}"
        ) from error


def reason(error: BaseException) -> str:
    """Return an error in one line."""
    # TensorFlow wraps what our own code raised inside the data pipeline.
    own = re.search(r"(?:RunError|UsageError): (.*)", str(error))
    if own or isinstance(error, GanctlError):
        return own[1] if own else str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _end(run: Run, settings: Settings, step: int, seconds: float) -> int:
    pictures = sorted(run.samples.glob("step-*.png"))
    if step < settings.steps:
        run.note(status="stopped", step=step)
        run.say(f"Stopped at step {step} of {settings.steps}, saved. Go on: ganctl resume {run.typed}")
        return 128 + (run.caught or signal.SIGINT)
    run.note(status="finished", step=step)
    run.say(f"Finished step {step} in {seconds:.0f} s.")
    for line in summary(run):
        run.say(line)
    if pictures:
        run.say(f"  samples  {pictures[-1]}")
        run.say(f"  film     {run.path / 'progress.gif'}")
    run.say(f"  more     ganctl sample {run.typed}")
    run.say(f"  further  ganctl resume {run.typed} trainer.steps={max(2 * step, 1)}")
    return 0
