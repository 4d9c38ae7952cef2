"""The page of one run."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ganctl.comparison.entry import Entry, evaluation_of
from ganctl.config.chosen import Chosen
from ganctl.diagnosis.verdict import EARLY, HEALTHY, SICK, Verdict
from ganctl.error import RunError
from ganctl.report import album, chart, evaluation, film, settings
from ganctl.report.element import Markup, page, tag
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
    folder, measured = entry.folder.path, evaluation_of(entry.folder.path)
    chosen = entry.chosen or Chosen()
    found = evaluation.measurements(entry, measured)
    shots, failed = film.shots(folder)
    curves = chart.charts(entry.lines, chart_of.findings)
    body = [
        _head(entry, chosen, chart_of, found),
        tag("div", film.section(shots, failed), diagnosis(chart_of, unjudged), class_="pair"),
        _curves(curves),
        evaluation.section(found, *film.evaluated(evaluation.preferred(found), folder, _classes(entry))),
        settings.section(entry.chosen, entry.config),
        _origin(entry),
    ]
    frames = [{"step": step, "uri": shot.uri} for step, shot in shots]
    return page(folder.resolve().name, tag("main", body), {"charts": curves, "frames": frames})


def _head(entry: Entry, chosen: Chosen, chart_of: Any, found: Sequence[evaluation.Measurement]) -> Markup:
    """Return the title, the facts that come first, and where to go from there."""
    last = entry.lines[-1] if entry.lines else {}
    status = entry.folder.status()
    word, state, reason = said(chart_of.verdict)
    steps = entry.config["trainer"].get("steps")
    facts: list[tuple[str, str, str | None]] = [
        ("status", status, None),
        ("step", f"{entry.step:,}", f"of {steps:,}" if isinstance(steps, int) else None),
        ("trained for", clock(float(last.get("seconds", 0))), _rate(last)),
        *evaluation.headline(found),
        ("diagnosis", word, reason),
    ]
    parts = [chosen.choices.get(word) for word in ("dataset", "model", "loss")]
    links = [
        ("samples", "Samples"),
        ("diagnosis", "Diagnosis"),
        ("curves", "Curves"),
        ("evaluation", "Evaluation"),
    ]
    shown = [link for link in [*links, ("config", "Config")] if link[0] != "evaluation" or found]
    return tag(
        "header",
        tag("p", "ganctl report", class_="brand"),
        tag("h1", entry.folder.path.resolve().name),
        tag("p", " · ".join(str(part) for part in parts if part), class_="quiet"),
        tiles(facts, {"status": status, "diagnosis": state}),
        tag("nav", [tag("a", text, href=f"#{place}") for place, text in shown]),
    )


def said(verdict: Verdict) -> tuple[str, str, str | None]:
    """Return what the diagnosis says of a run in a word, its state, which has a colour, and a reason."""
    if verdict.word == SICK:
        return verdict.reason, "sick", None
    return (verdict.word, "finished", None) if verdict.word == HEALTHY else (verdict.word, "", verdict.reason)


def tiles(facts: Sequence[tuple[str, str, str | None]], states: Mapping[str, str]) -> Markup:
    """Return facts as tiles: (name, value, a word more); some have a state, which has a colour."""
    return tag(
        "dl",
        [
            tag(
                "div",
                tag("dt", name),
                tag(
                    "dd",
                    value,
                    tag("small", more) if more else None,
                    class_=f"state {states[name]}" if name in states else None,
                ),
            )
            for name, value, more in facts
        ],
        class_="tiles",
    )


def _rate(last: Mapping[str, Any]) -> str | None:
    images = last.get("images")
    return f"{images:,} images" if isinstance(images, int) else None


def _curves(found: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the section whose charts the script draws."""
    if not found:
        return tag(
            "section", tag("h2", "Curves"), tag("p", "Nothing is logged yet.", class_="quiet"), id="curves"
        )
    places = [tag("figure", class_="chart", data_chart=place) for place in range(len(found))]
    note = "Point at a curve, or touch it, to read its values; dotted lines mark findings of the diagnosis."
    return tag(
        "section",
        tag("h2", "Curves"),
        tag("p", note, class_="quiet"),
        tag("div", places, class_="charts"),
        id="curves",
    )


def diagnosis(chart_of: Any, unjudged: Sequence[str]) -> Markup:
    """Return the section on what the diagnosis found."""
    from ganctl.diagnosis.remedy import remedies

    cards = []
    for each in chart_of.findings:
        when = (
            f"steps {each.step:,} to {each.until:,}, gone since" if each.gone else f"since step {each.step:,}"
        )
        tried = [] if each.gone else remedies(each.name, chart_of.config)
        cards.append(
            tag(
                "article",
                tag("h3", each.name, " ", tag("span", when, class_="choice")),
                tag("p", each.sentence),
                tag("p", tag("b", "Seen: "), each.evidence, "."),
                [
                    tag("p", "What to try:", class_="quiet"),
                    tag("ul", [tag("li", tag("code", one)) for one in tried]),
                ]
                if tried
                else None,
                class_="finding gone" if each.gone else "finding",
            )
        )
    for each in chart_of.rollbacks:
        text = f"Went back from step {each.get('from')} to {each.get('to')}, for {each.get('finding')}."
        cards.append(tag("p", text))
    nothing = "Nothing is wrong." if chart_of.lines else "Nothing is logged yet."
    judged = not chart_of.lines or chart_of.verdict.word != EARLY
    return tag(
        "section",
        tag("h2", "Diagnosis"),
        cards or (tag("p", nothing) if judged else None),
        [tag("p", f"Not judged: {text}.", class_="quiet") for text in unjudged],
        id="diagnosis",
    )


def _origin(entry: Entry) -> Markup:
    """Return the section on where and with what the run was made."""
    record = entry.record
    data, versions = (_mapping(record.get(name)) for name in ("data", "versions"))
    facts = {
        "command": record.get("command"),
        "updated": record.get("updated"),
        "device": record.get("device"),
        "platform": record.get("platform"),
        "git commit": record.get("git"),
        "data": f"{data.get('name')}, {data.get('examples')} examples of {data.get('shape')}"
        if data
        else None,
        "data fingerprint": data.get("fingerprint"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "error": record.get("error"),
    }
    rows = [
        tag(
            "div",
            tag("dt", name),
            tag("dd", value if isinstance(value, str) else json.dumps(value)),
            class_="key",
        )
        for name, value in facts.items()
        if value
    ]
    made = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    return tag(
        "section",
        tag("h2", "Origin"),
        tag("dl", rows, class_="origin"),
        tag("footer", f"Made by ganctl on {made} from {entry.folder.path.resolve().name}."),
        id="origin",
    )


def _classes(entry: Entry) -> Sequence[Any]:
    """Return the names of the data's labels."""
    found = _mapping(entry.record.get("data")).get("classes")
    return found if isinstance(found, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
