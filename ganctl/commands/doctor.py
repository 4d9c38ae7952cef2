"""Say whether a run is well, what it has if not, and what to try.

usage: ganctl doctor RUN [out=PATH] [--json]

  ganctl doctor latest
  ganctl doctor outputs/mnist-dcgan out=curves.png
  ganctl doctor mnist-dcgan --json | jq .findings
  ganctl doctor latest > /dev/null || echo "look at it"      in a script

RUN is a run's folder, its name under outputs/, or `latest` (the default);
finished, stopped, or still training. Nothing in it is executed or changed,
but for the picture of its curves.

  out       where the picture goes; default: RUN/diagnosis.png, none = nowhere
  --json    one JSON object instead of text, and no picture unless out is given

exit codes: 0 healthy, 3 sick, 4 too early to judge, 1 the folder is damaged,
2 a wrong command
"""

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganctl.config.words import option, read

if TYPE_CHECKING:
    from ganctl.diagnosis.chart import Chart

WIDTH = 80
STYLES = {"healthy": "bold green", "sick": "bold red", "too early to judge": "bold"}


@dataclass
class Options:
    """What a user asked for."""

    name: str = "latest"
    out: str = option("", ends=(".png",), words=("none",), example="curves.png")
    as_json: bool = option(False, flags=("--json",))


def run(words: list[str]) -> int:
    """Examine the named run; return the exit code of its verdict."""
    from ganctl.diagnosis.chart import examined, facts
    from ganctl.diagnosis.verdict import EXIT_CODES
    from ganctl.run.folder import find

    options = read(words, Options, "doctor", first="name")
    chart = examined(find(options.name, Path("outputs")))
    if options.as_json:
        print(json.dumps(facts(chart)))
    else:
        _show(chart)
    out = options.out or (
        "none" if options.as_json or not chart.lines else str(chart.folder.path / "diagnosis.png")
    )
    if out != "none":
        _draw(chart, Path(out), quiet=options.as_json)
    return EXIT_CODES[chart.verdict.word]


def _show(chart: "Chart") -> None:
    """Print the verdict, the findings and the curves."""
    from ganctl.diagnosis.chart import told, unjudged
    from ganctl.diagnosis.plot import plot
    from ganctl.run.console import console

    status = f"{chart.folder.status()}, step {chart.step} of {chart.config['trainer'].get('steps')}"
    _say(f"{chart.folder.path}  ({status})")
    console.print(told(chart), style=STYLES[chart.verdict.word], markup=False)
    for finding in chart.findings:
        _explain(finding, chart.config)
    for each in chart.rollbacks:
        _say(f"\nWent back from step {each.get('from')} to {each.get('to')}, for {each.get('finding')}.")
    if chart.lines:
        _say("")
        for line in plot(chart.lines):
            _say(line)
    for text in unjudged(chart):
        _fill(f"Not judged: {text}.")


def _explain(finding: Any, config: dict[str, Any]) -> None:
    """Print one finding and what to try."""
    from ganctl.diagnosis.remedy import remedies

    when = (
        f"steps {finding.step} to {finding.until}, gone since"
        if finding.gone
        else f"since step {finding.step}"
    )
    _say(f"\n{finding.name}: {when}")
    _fill(finding.sentence, "  ")
    _fill(f"Seen: {finding.evidence}.", "  ")
    if not finding.gone:
        for each in remedies(finding.name, config):
            _say(f"  try: {each}")


def _draw(chart: "Chart", path: Path, *, quiet: bool) -> None:
    """Write the picture; a folder that takes none is no reason to fail."""
    from ganctl.diagnosis.curves import picture
    from ganctl.files.atomic import refuse_link, write
    from ganctl.run.console import complain

    refuse_link(path, chart.folder.path)
    try:
        write(path, picture(chart.lines, chart.findings, chart.folder.path.name))
    except OSError as error:
        complain(f"WARNING: {path} could not be written ({error.strerror or error}).")
        return
    if not quiet:
        _say(f"Picture: {path}")


def _fill(text: str, indent: str = "") -> None:
    _say(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent))


def _say(text: str) -> None:
    from ganctl.run.console import say

    say(text)
