"""Measure samples: a run's, those in files, or the data themselves.

usage: ganctl evaluate RUN|FOLDER|FILE|data [n=10000] [seed=0]
                       [checkpoint=last|best|STEP] [average=true]
                       [metric=[fid,...]] [extractor=auto] [dataset=NAME]
                       [evaluation.real=10000] [out=PATH] [--json] [--trust]

  ganctl evaluate latest
  ganctl evaluate mnist-dcgan checkpoint=best n=50000
  ganctl evaluate outputs/mnist-dcgan metric=[fid,nearest] extractor=mnist
  ganctl evaluate fakes/ dataset=mnist         image files, or a folder a class
  ganctl evaluate fakes.npy dataset=mnist      (n, height, width, channels)
  ganctl evaluate data dataset=mnist           training images: the floor

The table goes to the screen, and with its protocol to evaluation.json in the
run; pictures of samples beside real ones, nearest neighbours, interpolations
and classes go to RUN/evaluation/.

  n           samples to measure
  checkpoint  last (the newest intact one), best (by a metric), a step, or
              sigma-S (of ganctl average)
  seed        of the latents; the run's own by default
  average     use averaged weights where the run keeps an average
  metric      default [fid,kid,precision_recall,density_coverage], or [modes]
              for data whose truth is known; see: ganctl list metrics
  extractor   of features; see: ganctl list extractors
  evaluation.real, evaluation.reference     which real images, and how many
  dataset     for files and data: what they are compared with
  out         the folder that takes the results (default: the run's, or
              NAME-evaluation beside the files)
  --json      print the result as one JSON object
  --trust     build whatever the folder's config names; only for folders
              whose origin you know
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganctl.config.words import read
from ganctl.evaluate.options import Options, measure_of, subject_of

GROUPS = ("metric", "extractor", "evaluation", "dataset")


def run(words: list[str]) -> int:
    """Measure what the words name, show and keep the numbers; return the exit code."""
    from ganctl.training import device

    options = read(words, Options, "evaluate", first="name", rest="overrides", of_rest=_of_a_config)
    subject, chosen = subject_of(options)
    measure = measure_of(chosen, subject, options)
    device.wake()
    samples = min(options.n, subject.count or options.n)
    started = time.perf_counter()
    protocol = measure.protocol(
        subject.dataset,
        samples=samples,
        seed=subject.seed,
        averaged=subject.averaged,
        inputs=subject.inputs,
    )
    view = measure.view(subject, subject.dataset)
    drawn = len(subject.dataset.shape) > 1
    images = samples + protocol.get("real", 0) + (min(view.searched, len(subject.dataset)) if drawn else 0)
    with _progress(images, len(measure.metrics), quiet=options.as_json) as (measure.tell, measure.begin):
        values = measure.measured(view)
        seconds = time.perf_counter() - started
        measure.begin("neighbours")
        kept = _kept(subject, view if drawn else None, values, protocol, seconds)
    if options.as_json:
        print(
            json.dumps({"title": subject.title, "values": values, "protocol": protocol, "seconds": seconds})
        )
        return 0
    _show(subject, values, protocol, view.remarks, seconds)
    for path in kept:
        _say(f"  {path}")
    return 0


def _of_a_config(word: str) -> bool:
    return word.partition("=")[0].partition(".")[0] in GROUPS


def _kept(subject: Any, view: Any, values: dict[str, float], protocol: Any, seconds: float) -> list[Path]:
    """Keep what was measured, with pictures of a view; a folder that takes nothing loses nothing."""
    from ganctl.evaluate import subjects
    from ganctl.run.console import complain

    try:
        pictures = subjects.draw_pictures(subject, view, protocol) if view else []
        return [*pictures, subjects.keep(subject, values, protocol, seconds, pictures)]
    except OSError as error:
        complain(
            f"WARNING: {subject.out} takes nothing ({error.strerror or error}): the numbers are not "
            "kept; type out=FOLDER for another one."
        )
        return []


def _show(
    subject: Any, values: dict[str, float], protocol: dict[str, Any], remarks: list[str], seconds: float
) -> None:
    """Print the table."""
    from ganctl.metric.goal import better
    from ganctl.run.table import show

    _say(f"{subject.title}: {protocol['samples']:,} samples against {_against(protocol)}, {seconds:.0f} s")
    rows = [(name, f"{value:.4g}", better(name) or "") for name, value in values.items()]
    show(("number", "value", "better"), rows, right=("value",))
    for remark in remarks:
        _say(f"Note: {remark}")


def _against(protocol: dict[str, Any]) -> str:
    if "real" not in protocol:
        return f"the {protocol['reference']}"
    return f"{protocol['real']:,} images ({protocol['reference']}), extractor {protocol['extractor']}"


@contextmanager
def _progress(images: int, metrics: int, *, quiet: bool) -> Iterator[tuple[Callable, Callable]]:
    """Show how far a measurement is; yield what is called with images done, and with each metric begun.

    A metric's own work counts as a part of the images', so that the bar does not stand still at their end.
    """
    from ganctl.run.console import Countdown

    share = images // 4
    with Countdown(images + metrics * share, "measuring", quiet=quiet) as countdown:
        begun: list[str] = []

        def begin(metric: str) -> None:
            countdown.advance(share if begun else 0, f"measuring {metric}")
            begun.append(metric)

        yield countdown.advance, begin


def _say(text: str) -> None:
    from ganctl.run.console import say

    say(text)
