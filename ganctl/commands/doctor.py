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

exit codes: 0 nothing is wrong, 3 something is, 1 the folder is damaged,
2 a wrong command
"""

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganctl.error import RunError, UsageError, suggest

SICK = 3
WIDTH = 80
LABEL, CHART, NUMBER = 22, 30, 9  # columns of a text chart, 80 in all
CHARTS = {
    "discriminator's loss": "discriminator/adversarial",
    "generator's loss": "generator/adversarial",
    "logit of real": "discriminator/real",
    "logit of fake": "discriminator/fake",
    "real told from fake": "discriminator/auc",
    "training from held-out": "discriminator/recognized",
    "discriminator gradient": "discriminator/gradient",
    "generator gradient": "generator/gradient",
    "spread of samples": "discriminator/spread",
    "coverage of data": "discriminator/coverage",
    "density in data": "discriminator/density",
}


@dataclass
class Options:
    """What a user asked for."""

    name: str = "latest"
    out: str = ""
    as_json: bool = False


@dataclass
class Chart:
    """What is known of a run.

    Args:
        folder: the run's, a `ganctl.run.folder.Folder`.
        config: its config, plain data.
        lines: its log.
        findings: all that the diagnosis says.
        rollbacks: what run.json says of them.
    """

    folder: Any
    config: dict[str, Any]
    lines: list[dict[str, Any]]
    findings: list[Any]
    rollbacks: list[dict[str, Any]]

    @property
    def sick(self) -> bool:
        return any(not finding.gone for finding in self.findings)

    @property
    def step(self) -> int:
        return self.lines[-1]["step"] if self.lines else self.folder.step


def run(words: list[str]) -> int:
    """Examine the named run; return 0 when it is well, 3 when it is not."""
    from ganctl.run.folder import find

    options = read(words)
    chart = examined(find(options.name, Path("outputs")))
    if options.as_json:
        print(json.dumps(_facts(chart)))
    else:
        _show(chart)
    out = options.out or (
        "none" if options.as_json or not chart.lines else str(chart.folder.path / "diagnosis.png")
    )
    if out != "none":
        _draw(chart, Path(out), quiet=options.as_json)
    return SICK if chart.sick else 0


def read(words: list[str]) -> Options:
    """Return what the words ask for.

    Raises:
        UsageError: for anything that is not of the usage.
    """
    options, left = Options(), [word for word in words if word != "--json"]
    options.as_json = len(left) < len(words)
    # A run's own name may hold a "=", so the first word is the run unless it is an option.
    if left and not left[0].startswith(("out=", "-")):
        options.name = left.pop(0)
    for word in left:
        key, sign, value = word.partition("=")
        if key != "out":
            hint = suggest(key, ("out", "--json")) or " See: ganctl doctor --help"
            raise UsageError(f"There is no option '{word}'.{hint}")
        if not sign or (value != "none" and Path(value).suffix != ".png"):
            raise UsageError(f"out: expected a FILE.png or none, got '{value}'; type out=curves.png")
        options.out = value
    return options


def examined(folder: Any) -> Chart:
    """Return what is known of a run; its files may be a stranger's.

    Raises:
        RunError: when its config, its record or its log cannot be read at all.
    """
    from ganctl.diagnosis.examine import examine
    from ganctl.diagnosis.finding import SENTENCES, Finding, sickness_of
    from ganctl.run.console import complain

    record, log = folder.record(), folder.log_lines()
    lines = [line for line in log.lines if 0 < line["step"] < 2**53]
    if log.damaged and not lines:
        raise RunError(f"{log.path} is damaged: none of its lines can be read.")
    if log.damaged:
        complain(f"WARNING: {log.damage} and left out.")
    findings = examine(lines)
    # What was no finite number ended the run before it came into a line.
    for each in _rows(record, "findings"):
        if each.get("name") == "non-finite" and type(each.get("step")) is int:
            found = Finding("non-finite", each["step"], each["step"], str(each.get("evidence", ""))[:200])
            findings.insert(0, found)
    findings = [each for each in findings if sickness_of(each.name) in SENTENCES]
    return Chart(folder, folder.config(), lines, findings, _rows(record, "rollbacks"))


def unjudged(chart: Chart) -> list[str]:
    """Return what could not be judged, and why."""
    from ganctl.diagnosis.sickness import PATIENCE, RECENT

    texts = []
    if len(chart.lines) < RECENT:
        texts.append(f"anything, before {RECENT} log lines (see trainer.log_every)")
    elif chart.step < PATIENCE:
        texts.append(f"oscillation and missing variety, before step {PATIENCE}: every game looks so at first")
    names = {name for line in chart.lines for name in line}
    if "discriminator/real" in names and "discriminator/auc" not in names:
        texts.append("who wins, or memorizing: this loss does not promise that real samples score higher")
    elif not any(name.endswith("/recognized") for name in names):
        texts.append("memorizing, without held-out images (dataset.holdout=128, or dataset.limit)")
    return texts


def _rows(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = record.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _facts(chart: Chart) -> dict[str, Any]:
    """Return everything as plain data."""
    from ganctl.diagnosis.remedy import remedies

    return {
        "path": str(chart.folder.path),
        "status": chart.folder.status(),
        "step": chart.step,
        "healthy": not chart.sick,
        "findings": [each.facts() | {"try": remedies(each.name, chart.config)} for each in chart.findings],
        "rollbacks": chart.rollbacks,
        "unjudged": unjudged(chart),
    }


def _show(chart: Chart) -> None:
    """Print the verdict, the findings and the curves."""
    from ganctl.diagnosis.sickness import RECENT
    from ganctl.run.console import console

    now = [each for each in chart.findings if not each.gone]
    status = f"{chart.folder.status()}, step {chart.step} of {chart.config['trainer'].get('steps')}"
    _say(f"{chart.folder.path}  ({status})")
    verdict, style = "Healthy: nothing is wrong.", "bold green"
    if now:
        verdict, style = f"Sick: {', '.join(each.name for each in now)}.", "bold red"
    elif len(chart.lines) < RECENT:
        verdict, style = "Too early to say." if chart.lines else "Nothing is logged yet.", "bold"
    console.print(verdict, style=style, markup=False)
    for finding in chart.findings:
        _explain(finding, chart.config)
    for each in chart.rollbacks:
        _say(f"\nWent back from step {each.get('from')} to {each.get('to')}, for {each.get('finding')}.")
    if chart.lines:
        _say("")
        _plot(chart)
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


def _plot(chart: Chart) -> None:
    """Print the curves as text, each from its least to its greatest value."""
    from ganctl.diagnosis.curves import beside, counted
    from ganctl.diagnosis.history import adversaries, players

    names = {name for line in chart.lines for name in line}
    charts = dict(CHARTS)
    for player in [each for each in players(names) if each not in ("discriminator", "generator")]:
        charts |= {f"{player}'s loss": f"{player}/adversarial", f"{player} gradient": f"{player}/gradient"}
    if counted(chart.lines):
        charts["modes captured"] = counted(chart.lines)
    first, last = chart.lines[0]["step"], chart.lines[-1]["step"]
    heading = "".join(f"{word:>{NUMBER}}" for word in ("least", "most", "now"))
    _say(f"{f'step {first} to {last}':<{LABEL + CHART + 1}}{heading}")
    _rows_of(chart, charts)
    for adversary in adversaries(names)[1:]:
        _say(f"of {adversary}:")
        _rows_of(chart, {label: beside(name, adversary) for label, name in CHARTS.items()})


def _rows_of(chart: Chart, charts: dict[str, str]) -> None:
    """Print a line for each curve that the log has."""
    from ganctl.diagnosis.curves import curve, sparkline

    for label, name in charts.items():
        _, values = curve(chart.lines, name)
        if values:
            numbers = "".join(f"{_short(each):>{NUMBER}}" for each in (min(values), max(values), values[-1]))
            _say(f"{label[:LABEL]:<{LABEL}} {sparkline(values, CHART):<{CHART}}{numbers}")


def _short(value: float) -> str:
    """Return two digits of a number, and all that stand before the point of a modest one."""
    return f"{value:.0f}" if 99.5 <= abs(value) < 1e6 else f"{value:.2g}"


def _draw(chart: Chart, path: Path, *, quiet: bool) -> None:
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
