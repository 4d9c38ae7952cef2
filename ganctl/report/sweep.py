"""The page of several runs: the leaderboard with thumbnails, the curves, and a section for each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ganctl.comparison.entry import Entry
from ganctl.comparison.picture import drawn
from ganctl.comparison.ranking import Ranking
from ganctl.comparison.row import Row, columns, figure, notes, span
from ganctl.diagnosis.verdict import EARLY, HEALTHY, SICK, Verdict
from ganctl.report import album, chart
from ganctl.report.element import Markup, joined, page, tag
from ganctl.report.film import image
from ganctl.report.single import said, tiles

THUMB = 420  # pixels of a run's last grid
REMARK = 1000  # characters of a remark
WORDS = 4  # settings that have a column each; more share one
NUMBERS = ("best", "at step", "last", "n", "steps")


@dataclass
class Member:
    """One run of a sweep, as its page shows it.

    Args:
        entry: the run.
        verdict: of the diagnosis.
        place: of its section in the page.
        settings: in what it differs from the other runs, by word.
        picture: its last grid, None when there is none.
        step: of that grid.
    """

    entry: Entry
    verdict: Verdict
    place: str
    settings: Mapping[str, str]
    picture: album.Picture | None = None
    step: int = 0

    @property
    def title(self) -> str:
        told = [f"{word}={value}" for word, value in self.settings.items()]
        return " ".join(told) if told and len(told) <= WORDS else self.entry.name


def members(entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> list[Member]:
    """Return the runs of a sweep with their thumbnails; none of them is damaged."""
    share = album.BUDGET // max(1, len(entries))
    told = columns(entries)
    seeds = {str(entry.seed) for entry in entries}
    found = []
    for number, (entry, known, settings) in enumerate(zip(entries, verdicts, told, strict=True)):
        own = {**settings, **({"seed": str(entry.seed)} if len(seeds) > 1 else {})}
        member = Member(entry, known, f"run-{number}", own)
        for step, path in reversed(album.grids(entry.folder.path)[-3:]):  # the last may be half written
            member.picture = album.opened(path, entry.folder.path, share=share, side=THUMB)
            if member.picture:
                member.step = step
                break
        found.append(member)
    return found


def report(
    folder: Path,
    found: Sequence[Member],
    ranking: Ranking | None,
    table: Sequence[Row],
    remarks: Sequence[str],
) -> str:
    """Return the page of a sweep.

    Args:
        folder: that holds the runs, and the page.
        found: the runs.
        ranking, table: as `ganctl compare` ranks them; None and nothing where it cannot.
        remarks: what to say above all: why they are not ranked, which runs are left out.
    """
    curves = []
    if ranking and table:
        sources, _ = drawn(ranking, table)
        pairs = [(row.brief, each) for row, each in zip(table, sources, strict=True)]
        curves = [chart.ranking_chart(ranking.name, ranking.goal, pairs)]
    body = [
        _head(folder, found, ranking, table),
        # Word by word, for a text is cut as one value is, and these end with what is to be typed.
        [
            tag("p", [f"{word} " for word in text[:REMARK].split(" ")], class_="remark")
            for text in [*remarks, *notes(table)]
        ],
        _leaderboard(found, ranking, table) if ranking else None,
        tag(
            "section",
            tag("h2", "Curves"),
            tag("div", tag("figure", class_="chart wide", data_chart=0), class_="charts one"),
            id="curves",
        )
        if curves
        else None,
        tag(
            "section",
            tag("h2", "Runs"),
            tag("div", [_card(each, folder, ranking) for each in found], class_="runs"),
            id="runs",
        ),
    ]
    return page(folder.resolve().name, tag("main", body), {"charts": curves, "frames": []})


def _head(folder: Path, found: Sequence[Member], ranking: Ranking | None, table: Sequence[Row]) -> Markup:
    statuses = [each.entry.folder.status() for each in found]
    finished = sum(status == "finished" for status in statuses)
    facts: list[tuple[str, str, str | None]] = [("runs", str(len(found)), f"{finished} finished")]
    if ranking and table:
        facts.append((f"best {ranking.name}", figure(*table[0].best), table[0].brief))
    word, state, reason = _diagnosis(found)
    facts.append(("diagnosis", word, reason))
    links = [("leaderboard", "Leaderboard"), ("curves", "Curves")] if ranking else []
    return tag(
        "header",
        tag("p", "ganctl report", class_="brand"),
        tag("h1", folder.resolve().name),
        tiles(facts, {"diagnosis": state}),
        tag("nav", [tag("a", text, href=f"#{place}") for place, text in [*links, ("runs", "Runs")]]),
    )


def _diagnosis(found: Sequence[Member]) -> tuple[str, str, str | None]:
    """Return what the diagnosis says of all runs: a word, its state, and of how many it says nothing."""
    sick = sum(each.verdict.word == SICK for each in found)
    early = [each.verdict.reason for each in found if each.verdict.word == EARLY]
    if len(early) == len(found):
        return EARLY, "", early[0]
    more = f"{len(early)} {EARLY}: {early[0]}" if early else None
    healthy = HEALTHY if not early else f"{len(found) - len(early)} healthy"
    return (f"{sick} sick", "sick", more) if sick else (healthy, "" if early else "finished", more)


def _leaderboard(found: Sequence[Member], ranking: Ranking, table: Sequence[Row]) -> Markup:
    """Return the table of rows, the best first, each with its runs' last grids."""
    by_path = {each.entry.folder.path: each for each in found}
    words = list(dict.fromkeys(word for row in table for word in row.settings))
    several = len(words) > WORDS
    headings = ["settings"] if several else words or ["run"]
    body = [_ranked(place, row, by_path, words, several) for place, row in enumerate(table, start=1)]
    heads = [
        *[tag("th", head, scope="col") for head in ("", "samples")],
        *[tag("th", breakable(head), scope="col") for head in headings],
        *[tag("th", head, scope="col", class_="number") for head in NUMBERS],
    ]
    origins = "/".join(sorted({source.origin for source in ranking.sources}))
    note = f"{ranking.name}, {ranking.goal} is better; mean ± sd over n seeds; from the {origins}."
    return tag(
        "section",
        tag("h2", "Leaderboard"),
        tag("p", note, class_="quiet"),
        tag(
            "div",
            tag("table", tag("thead", tag("tr", heads)), tag("tbody", body), class_="leaderboard"),
            class_="scroll",
        ),
        id="leaderboard",
    )


def _ranked(
    place: int, row: Row, by_path: Mapping[Path, Member], words: Sequence[str], several: bool
) -> Markup:
    """Return one row of the leaderboard; several settings share a cell."""
    headings: Sequence[str] = ["settings"] if several else words or ["run"]
    values: list[Any] = [row.settings.get(word, "-") for word in words] or [row.label]
    if several:
        told = row.settings.items()
        values = [[tag("code", f"{word}={value}") for word, value in told if value != "-"]]
    numbers = [figure(*row.best), span(row.best_steps), figure(*row.last), str(len(row.entries))]
    thumbs = [_thumb(by_path[entry.folder.path]) for entry in row.entries]
    return tag(
        "tr",
        tag("td", str(place), class_="rank"),
        tag("td", thumbs, class_="thumbs"),
        [
            tag("td", tag("span", value), data_label=head)
            for head, value in zip(headings, values, strict=True)
        ],
        [
            tag("td", value, data_label=head, class_="number best" if head == "best" else "number")
            for head, value in zip(NUMBERS, [*numbers, span(row.steps)], strict=True)
        ],
    )


def breakable(word: str) -> Markup:
    """Return a long key that a browser may break after its dots."""
    return Markup("<wbr>".join(joined(f"{part}.") for part in word.split("."))[: -len(".")])


def _thumb(member: Member) -> Markup:
    """Return a small picture that leads to its run's section; the script takes it from there."""
    if not member.picture:
        return tag("a", "no grid", href=f"#{member.place}", class_="thumb none")
    picture = tag("img", data_from=member.place, alt=f"samples of {member.title}", width=88, height=88)
    return tag("a", picture, href=f"#{member.place}", class_="thumb", title=member.title)


def _card(member: Member, folder: Path, ranking: Ranking | None) -> Markup:
    """Return a run's section."""
    entry, shot = member.entry, member.picture
    word, state, _ = said(member.verdict)
    status = entry.folder.status()
    own = entry.folder.path / "report.html"
    link = None
    if own.is_file() and entry.folder.path.resolve().is_relative_to(folder.resolve()):
        place = own.resolve().relative_to(folder.resolve()).as_posix()
        link = tag("p", tag("a", "The run's own report", href=quote(place)))
    picture = image(shot, f"samples at step {member.step}") if shot else None
    numbers = []
    for one, source in zip(ranking.entries, ranking.sources, strict=True) if ranking else ():
        if one is entry and ranking:
            step, value = source.best(ranking.name, ranking.goal)
            numbers.append(tag("span", f"{ranking.name} {figure(value)} at step {step:,}", class_="choice"))
    facts = [
        tag("span", status, class_=f"choice state {status}"),
        tag("span", f"step {entry.step:,}", class_="choice"),
        numbers,
        tag("span", word, class_=f"choice state {state}" if state == "sick" else "choice")
        if member.verdict.word != HEALTHY
        else None,
    ]
    return tag(
        "article",
        tag("h3", member.title),
        tag("p", facts),
        picture or tag("p", "no sample grid", class_="quiet"),
        tag("p", entry.folder.path.name, class_="quiet path"),
        link,
        class_="run",
        id=member.place,
    )
