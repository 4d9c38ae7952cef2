"""The page of one run."""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ganctl.comparison.entry import Entry, evaluation_of
from ganctl.config.chosen import Chosen
from ganctl.diagnosis.verdict import EARLY, HEALTHY, SICK, Verdict
from ganctl.error import RunError
from ganctl.report import album, chart, evaluation, film, settings
from ganctl.report.page import page
from ganctl.run.console import clock

FILES = ("config.yaml", "run.json", "metrics.jsonl", "evaluation.json")


def check(entry: Entry) -> None:
    """Refuse a run folder whose files are links to files elsewhere: what these hold is not the run's to show.

    Raises:
        RunError: naming the first.
    """
    for name in FILES:
        file = entry.folder.path / name
        if not album.inside(file, entry.folder.path):
            raise RunError(f"{file} is a link that leads out of the run folder; put the file itself there.")


def report(entry: Entry, chart_of: Any, unjudged: Sequence[str]) -> str:
    """Return the page of a run.

    Args:
        entry: the run, checked and not damaged.
        chart_of: what the doctor found, a `ganctl.diagnosis.chart.Chart`.
        unjudged: what the doctor could not judge.
    """
    folder, chosen = entry.folder.path, entry.chosen or Chosen()
    found = evaluation.measurements(entry, evaluation_of(folder))
    shots, failed = film.shots(folder)
    curves = chart.charts(entry.lines, chart_of.findings)
    classes = _mapping(entry.record.get("data")).get("classes")
    pictures, notes = film.evaluated(
        evaluation.preferred(found), folder, classes if isinstance(classes, list) else []
    )
    parts = [chosen.choices.get(word) for word in ("dataset", "model", "loss")]
    nothing = "Nothing is wrong." if chart_of.verdict.word != EARLY else ""
    return page(
        "run.html",
        folder.resolve().name,
        {"charts": curves, "frames": [{"step": step, "uri": shot.uri} for step, shot in shots]},
        **_head(entry, chart_of.verdict, found),
        parts=" · ".join(str(part) for part in parts if part),
        shots=shots,
        failed=failed,
        findings=list(_findings(chart_of)),
        rollbacks=[
            {name: each.get(name) for name in ("from", "to", "finding")} for each in chart_of.rollbacks
        ],
        nothing=nothing if chart_of.lines else "Nothing is logged yet.",
        unjudged=unjudged,
        curves=len(curves),
        table=evaluation.table(found) if found else None,
        protocols=evaluation.protocols(found),
        pictures=pictures,
        notes=notes,
        **settings.section(entry.chosen, entry.config),
        origin=_origin(entry),
        made=datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
    )


def _head(entry: Entry, verdict: Verdict, found: Sequence[evaluation.Measurement]) -> dict[str, Any]:
    """Return the facts that come first, and where to go from there."""
    last = entry.lines[-1] if entry.lines else {}
    images, status, steps = last.get("images"), entry.folder.status(), entry.config["trainer"].get("steps")
    word, state, reason = said(verdict)
    facts: list[tuple[str, str, str | None]] = [
        ("status", status, None),
        ("step", f"{entry.step:,}", f"of {steps:,}" if isinstance(steps, int) else None),
        (
            "trained for",
            clock(float(last.get("seconds", 0))),
            f"{images:,} images" if isinstance(images, int) else None,
        ),
        *evaluation.headline(found),
        ("diagnosis", word, reason),
    ]
    places = ["samples", "diagnosis", "curves", *(["evaluation"] if found else []), "config"]
    return {
        "facts": facts,
        "states": {"status": status, "diagnosis": state},
        "links": [(place, place.capitalize()) for place in places],
    }


def said(verdict: Verdict) -> tuple[str, str, str | None]:
    """Return what the diagnosis says of a run in a word, its state, which has a colour, and a reason."""
    if verdict.word == SICK:
        return verdict.reason, "sick", None
    return (verdict.word, "finished", None) if verdict.word == HEALTHY else (verdict.word, "", verdict.reason)


def _findings(chart_of: Any) -> Iterator[tuple[Any, str, list[str]]]:
    """Yield (finding, when it was there, what to try) of what the diagnosis found."""
    from ganctl.diagnosis.remedy import remedies

    for each in chart_of.findings:
        gone = f"steps {each.step:,} to {each.until:,}, gone since" if each.gone else ""
        yield (
            each,
            gone or f"since step {each.step:,}",
            ([] if each.gone else remedies(each.name, chart_of.config)),
        )


def _origin(entry: Entry) -> list[tuple[str, str]]:
    """Return where and with what the run was made."""
    record = entry.record
    data, versions = (_mapping(record.get(name)) for name in ("data", "versions"))
    told = f"{data.get('name')}, {data.get('examples')} examples of {data.get('shape')}" if data else None
    facts = {
        "command": record.get("command"),
        "updated": record.get("updated"),
        "device": record.get("device"),
        "platform": record.get("platform"),
        "git commit": record.get("git"),
        "data": told,
        "data fingerprint": data.get("fingerprint"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "error": record.get("error"),
    }
    return [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in facts.items()
        if value
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
