"""Which number runs are ranked by, where it comes from, and whether it may be ranked at all."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganctl.comparison.entry import Entry, evaluate
from ganctl.comparison.protocol import (
    AVERAGED,
    SEED,
    SETTABLE,
    Difference,
    Source,
    differences,
    note,
    reference,
)
from ganctl.error import RunError, UsageError, suggest
from ganctl.metric.summary import measured

ORIGINS = ("evaluation", "training")
SHOWN = 3  # differences that a refusal names, and commands that it advises
LONG = 40  # characters of a value


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
    sources = _sources(able, name) if able else []
    found = differences(sources, name)
    if found:
        raise UsageError(refusal(able, sources, found, name, origin))
    like = (able[0], sources[0]) if able else None
    left_out = [(entry, _why(entry, name, origin, like)) for entry in entries if entry not in able]
    if not able:
        raise UsageError(_nothing(entries, left_out, by))
    return Ranking(name, goal, able, sources, left_out, note(sources))


def refusal(
    entries: Sequence[Entry], sources: Sequence[Source], found: Sequence[Difference], name: str, origin: str
) -> str:
    """Return why numbers are not ranked, the difference named, and how to make them comparable where one can.

    Args:
        entries, sources: the runs, and where the number of each comes from.
        found: in what these differ.
        name: of the number.
        origin: what was asked for, "" for any.
    """
    pairs = list(zip(entries, sources, strict=True))
    other = [_other_data(pairs[0], pair) for pair in pairs]
    if any(other):
        found = [each for each in found if each.key in ("fingerprint", "reference")] or found
    texts = []
    for each in found[:SHOWN]:
        sides = [
            f"{str(value)[:LONG]} in {entries[place].name} ({sources[place].origin})"
            for place, value in zip((each.one, each.other), each.values, strict=True)
        ]
        texts.append(f"{each.key} is {sides[0]} and {sides[1]}")
    told = "; ".join(texts) + (f"; {len(found) - SHOWN} more" if len(found) > SHOWN else "")
    if any(other):
        same = [entry.name for entry, stranger in zip(entries, other, strict=True) if not stranger]
        more = " ..." if len(same) > SHOWN else ""
        return (
            f"Numbers of different data cannot be ranked: {told}. Compare the runs of one data set at a "
            f"time: {shlex.join(['ganctl', 'compare', *same[:SHOWN]])}{more}"
        )
    todo = _remedies(entries, sources, found, name)
    return (
        f"These numbers were measured differently and cannot be ranked: {told}. "
        f"Measure them alike{_without(origin)}: {'; '.join(todo[:SHOWN])}"
        f"{'; ...' if len(todo) > SHOWN else ''}"
    )


def _without(origin: str) -> str:
    """Return what else is to be done where only numbers of the training were asked for."""
    return ", and leave out from=training" if origin == "training" else ""


def _other_data(one: tuple[Entry, Source], other: tuple[Entry, Source]) -> bool:
    """Return whether two numbers are of different data, which no other evaluation makes alike."""
    (first, split), (second, theirs) = reference(one[1]), reference(other[1])
    if first == second and split != theirs:  # two splits of one set, as far as its name and shape tell
        return _shape(one[0]) != _shape(other[0])
    prints = [source.protocol.get("fingerprint") for _, source in (one, other)]
    return first != second or prints[0] != prints[1]


def _remedies(
    entries: Sequence[Entry], sources: Sequence[Source], found: Sequence[Difference], name: str
) -> list[str]:
    """Return the commands after which runs can be ranked: all by the protocol that most of them share."""
    keys = {each.key for each in found}
    # Who keeps an average says of which weights, and who has a test split can be measured on either.
    pool = [source for source in sources if source.average and AVERAGED in keys] or list(sources)
    pool = [source for source in pool if reference(source)[1] == "test"] or pool
    target = max(
        pool,
        key=lambda wanted: (
            sum(_alike(wanted, each, name, seed=SEED in keys) for each in sources),
            wanted.origin == "evaluation",
        ),
    )
    words = target.words(name)
    if SEED in keys and not any(word.startswith("seed=") for word in words):
        words.append(f"seed={target.protocol.get(SEED)}")
    # What follows from the installed version, such as an extractor's weights, is alike when all are measured.
    settable = all(key in SETTABLE or key.startswith("settings.") for key in keys)
    missing = [
        entry
        for entry in entries
        if not (settable or "extractor" in keys)
        or not any(
            # One of many in its training is another thing than an evaluation.
            source.origin == "evaluation"
            and name in source.points
            and _alike(target, source, name, seed=SEED in keys)
            for source in entry.sources
        )
    ]
    return [evaluate(entry.folder.path, words) for entry in missing or entries]


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


def _alike(one: Source, other: Source, name: str, *, seed: bool = False) -> bool:
    """Return whether two numbers were measured alike, with the same seed or whatever their seeds are."""
    if seed and one.protocol.get(SEED) != other.protocol.get(SEED):
        return False
    return not [each for each in differences([one, other], name) if each.key != SEED]


def _why(entry: Entry, name: str, origin: str, like: tuple[Entry, Source] | None) -> str:
    """Return why a run is left out, and what to type to have it ranked beside another, if that can be."""
    if entry.damage:
        return entry.damage
    metric = name.partition("/")[0]
    have = ", ".join(dict.fromkeys(each.partition("/")[0] for each in entry.names))
    reason = f"no {metric}{f' from={origin}' if origin else ''}{f', only {have}' if have else ''}"
    if name in measured(entry.lines) and "protocol" not in entry.record and not origin:
        reason = "its numbers were stored without their protocol"
    if like and _foreign(entry, *like):
        return f"{reason}, and its data are others than those of {like[0].name}"
    todo = evaluate(entry.folder.path, like[1].words(name) if like else [f"metric=[{metric}]"])
    return f"{reason}; {'leave out from=training, and ' if origin == 'training' else ''}type: {todo}"


def _foreign(entry: Entry, other: Entry, source: Source) -> bool:
    """Return whether a run's data are others than those that a number of another run is of."""
    one, two = _data(entry), _data(other)
    if not one or not two or _shape(entry) != _shape(other):
        return bool(one and two)
    return reference(source)[1] != "test" and one.get("fingerprint") != two.get("fingerprint")


def _shape(entry: Entry) -> tuple:
    """Return (name, shape) of a run's data."""
    return _data(entry).get("name"), _data(entry).get("shape")


def _data(entry: Entry) -> Mapping[str, Any]:
    data = entry.record.get("data")
    return data if isinstance(data, Mapping) else {}


def _nothing(entries: Sequence[Entry], left_out: Sequence[tuple[Entry, str]], by: str) -> str:
    who = entries[0].name if len(entries) == 1 else f"None of these {len(entries)} runs"
    wanted = f"{'no' if len(entries) == 1 else 'a'} {by or 'number'} to rank by"
    entry, reason = left_out[0]
    return f"{who} has {wanted}; {entry.name}: {reason}"
