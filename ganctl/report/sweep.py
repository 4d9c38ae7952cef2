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
from ganctl.report.page import page
from ganctl.report.single import said

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
    statuses = [each.entry.folder.status() for each in found]
    facts: list[tuple[str, str, str | None]] = [
        ("runs", str(len(found)), f"{sum(status == 'finished' for status in statuses)} finished")
    ]
    if ranking and table:
        facts.append((f"best {ranking.name}", figure(*table[0].best), table[0].brief))
    word, state, reason = _diagnosis(found)
    links = [("leaderboard", "Leaderboard"), ("curves", "Curves")] if ranking else []
    return page(
        "sweep.html",
        folder.resolve().name,
        {"charts": curves, "frames": []},
        facts=[*facts, ("diagnosis", word, reason)],
        states={"diagnosis": state},
        links=[*links, ("runs", "Runs")],
        remarks=[text[:REMARK] for text in [*remarks, *notes(table)]],
        board=_leaderboard(found, ranking, table) if ranking else None,
        curves=curves,
        cards=[_card(each, folder, ranking) for each in found],
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


def _leaderboard(found: Sequence[Member], ranking: Ranking, table: Sequence[Row]) -> dict[str, Any]:
    """Return the table of rows, the best first, with its runs' last grids; many settings share a cell."""
    by_path = {each.entry.folder.path: each for each in found}
    words = list(dict.fromkeys(word for row in table for word in row.settings))
    several = len(words) > WORDS
    rows = []
    for row in table:
        values: list[Any] = [row.settings.get(word, "-") for word in words] or [row.label]
        if several:
            values = [[f"{word}={value}" for word, value in row.settings.items() if value != "-"]]
        counts = [span(row.best_steps), figure(*row.last), str(len(row.entries)), span(row.steps)]
        rows.append(
            {
                "members": [by_path[entry.folder.path] for entry in row.entries],
                "settings": values,
                "numbers": [figure(*row.best), *counts],
            }
        )
    origins = "/".join(sorted({source.origin for source in ranking.sources}))
    return {
        "note": f"{ranking.name}, {ranking.goal} is better; mean ± sd over n seeds; from the {origins}.",
        "headings": ["settings"] if several else words or ["run"],
        "numbers": NUMBERS,
        "several": several,
        "rows": rows,
    }


def _card(member: Member, folder: Path, ranking: Ranking | None) -> dict[str, Any]:
    """Return what a run's section shows."""
    entry, own, number = member.entry, member.entry.folder.path / "report.html", ""
    link = None
    if own.is_file() and entry.folder.path.resolve().is_relative_to(folder.resolve()):
        link = quote(own.resolve().relative_to(folder.resolve()).as_posix())
    for one, source in zip(ranking.entries, ranking.sources, strict=True) if ranking else ():
        if one is entry and ranking:
            step, value = source.best(ranking.name, ranking.goal)
            number = f"{ranking.name} {figure(value)} at step {step:,}"
    return {
        "title": member.title,
        "place": member.place,
        "status": entry.folder.status(),
        "reached": entry.step,
        "number": number,
        "verdict": said(member.verdict)[0] if member.verdict.word != HEALTHY else "",
        "sick": member.verdict.word == SICK,
        "picture": member.picture,
        "step": member.step,
        "folder": entry.folder.path.name,
        "link": link,
    }
