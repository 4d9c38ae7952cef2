"""Which number runs are ranked by, where it comes from, and whether it may be ranked at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ganctl.comparison.entry import Entry, evaluate
from ganctl.comparison.protocol import Difference, Source, differences, note
from ganctl.error import RunError, UsageError, suggest
from ganctl.standing import measured

ORIGINS = ("evaluation", "training")
SHOWN = 3  # differences that a refusal names


@dataclass
class Ranking:
    """Runs whose numbers may be ranked.

    Args:
        name: of the number, "fid/fid".
        goal: "lower" or "higher".
        entries, sources: the runs, and where the number of each comes from.
        left_out: the other runs, and why.
        note: on what differs and is no reason not to rank, "" for nothing.
    """

    name: str
    goal: str
    entries: list[Entry]
    sources: list[Source]
    left_out: list[tuple[Entry, str]] = field(default_factory=list)
    note: str = ""


def ranked(entries: Sequence[Entry], by: str = "", origin: str = "") -> Ranking:
    """Return what runs are ranked by.

    Args:
        entries: the runs.
        by: a metric ("fid") or one number of it ("precision_recall/recall"); "" for the first that all have.
        origin: one of ORIGINS, "" to prefer the first.

    Raises:
        UsageError: when no run has such a number, it is neither better high nor low, or the runs' were
            measured differently.
        RunError: when all are damaged.
    """
    known = [entry for entry in entries if not entry.damage]
    if not known:
        raise RunError(entries[0].damage)
    if origin:
        for entry in known:
            entry.sources = [source for source in entry.sources if source.origin == origin]
    name = _asked(by, known) if by else _common(known)
    goal = _goal(name)
    able = [entry for entry in known if name in entry.names]
    left_out = [(entry, _why(entry, name, origin)) for entry in entries if entry not in able]
    if not able:
        raise UsageError(_nothing(entries, left_out, by))
    sources = _sources(able, name)
    found = differences(sources, name)
    if found:
        raise UsageError(refusal(able, sources, found, name.partition("/")[0]))
    return Ranking(name, goal, able, sources, left_out, note(sources))


def refusal(
    entries: Sequence[Entry], sources: Sequence[Source], found: Sequence[Difference], metric: str
) -> str:
    """Return why numbers are not ranked, the difference named, and how to make them comparable."""
    texts = []
    for each in found[:SHOWN]:
        sides = [
            f"{value} in {entries[place].name} ({sources[place].origin})"
            for place, value in zip((each.one, each.other), each.values, strict=True)
        ]
        texts.append(f"{each.key} is {sides[0]} and {sides[1]}")
    more = f"; {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    places = list(dict.fromkeys(place for each in found for place in (each.one, each.other)))
    todo = [evaluate(entries[place].folder.path, metric) for place in places[:SHOWN]]
    return (
        f"These numbers were measured differently and cannot be ranked: {'; '.join(texts)}{more}. "
        f"Measure them alike: {'; '.join(todo)}{'; ...' if len(places) > SHOWN else ''}"
    )


def _goal(name: str) -> str:
    from ganctl.metric.goal import better

    goal = better(name)
    if not goal:
        raise UsageError(
            f"by: '{name}' is neither better high nor better low; type by=fid, or another metric."
        )
    return goal


def _asked(by: str, entries: Sequence[Entry]) -> str:
    from ganctl.metric.goal import GOALS, first

    name = by if "/" in by else first(by)
    there = list(dict.fromkeys(name for entry in entries for name in entry.names))
    if name not in there and name.partition("/")[0] not in GOALS:
        meant = next((each for each in there if each.endswith(f"/{by}")), "")
        hint = f" Did you mean '{meant}'?" if meant else suggest(by, [*GOALS, *there]) or " Type: by=fid"
        raise UsageError(f"by: there is no metric '{by}'.{hint}")
    return name


def _common(entries: Sequence[Entry]) -> str:
    """Return the main number of the metric that most runs have, FID before others."""
    from ganctl.metric.goal import GOALS, first

    names = [first(metric) for metric in GOALS]
    return max(names, key=lambda name: sum(name in entry.names for entry in entries))


def _sources(entries: Sequence[Entry], name: str) -> list[Source]:
    """Return each run's source: one kind that all share where there is one, else each run's first."""
    offers = [[source for source in entry.sources if name in source.points] for entry in entries]
    # The best of many measurements beside the only one of another run: better none of that, if it can be.
    for mixed in (False, True):
        for wanted in offers[0]:
            origins = ORIGINS if mixed else (wanted.origin,)
            alike = [
                [each for each in offer if each.origin in origins and _alike(wanted, each, name)]
                for offer in offers
            ]
            if all(alike) and not differences([each[0] for each in alike], name):
                return [each[0] for each in alike]
    return [offer[0] for offer in offers]


def _alike(one: Source, other: Source, name: str) -> bool:
    return not [each for each in differences([one, other], name) if each.key != "seed"]


def _why(entry: Entry, name: str, origin: str) -> str:
    """Return why a run is left out, and what to type."""
    if entry.damage:
        return entry.damage
    metric = name.partition("/")[0]
    todo = evaluate(entry.folder.path, metric)
    if name in measured(entry.lines) and "protocol" not in entry.record and not origin:
        return f"its numbers were stored without their protocol; type: {todo}"
    have = ", ".join(dict.fromkeys(each.partition("/")[0] for each in entry.names))
    return f"no {metric}{f' from={origin}' if origin else ''}{f', only {have}' if have else ''}; type: {todo}"


def _nothing(entries: Sequence[Entry], left_out: Sequence[tuple[Entry, str]], by: str) -> str:
    who = entries[0].name if len(entries) == 1 else f"None of these {len(entries)} runs"
    wanted = f"{'no' if len(entries) == 1 else 'a'} {by or 'number'} to rank by"
    entry, reason = left_out[0]
    return f"{who} has {wanted}; {entry.name}: {reason}"
