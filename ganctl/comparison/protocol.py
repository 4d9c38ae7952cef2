"""How a number was measured, and whether two numbers may be ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganctl.config.choices import choices, values
from ganctl.config.value import shown
from ganctl.files.plain import leaves
from ganctl.metric.summary import best, measured

SEED, AVERAGED = "seed", "averaged"
MISSING = "(not said)"
# What words of `ganctl evaluate` decide, the split of the real images with their fingerprint.
SETTABLE = {"samples", "real", "reference", "fingerprint", "extractor", AVERAGED, SEED}


@dataclass(frozen=True)
class Source:
    """Numbers of one run that were measured in one way.

    Args:
        origin: "evaluation" for those of evaluation.json, "training" for those of the log.
        protocol: how, as it was stored with them.
        seed: of the run itself.
        points: by "metric/number", (step, value) in the order of steps.
        made: when the newest was measured, "" for the log's.
        average: whether the run keeps averaged weights, so that there were two kinds to choose from.
    """

    origin: str
    protocol: Mapping[str, Any]
    seed: Any
    points: Mapping[str, Sequence[tuple[int, float]]]
    made: str = ""
    average: bool = True

    def best(self, name: str, goal: str) -> tuple[int, float]:
        """Return (step, value) of the best value, the earliest of equals."""
        return best(self.points[name], goal)

    def last(self, name: str) -> tuple[int, float]:
        """Return (step, value) of the last value."""
        return self.points[name][-1]

    def terms(self, name: str) -> dict[str, Any]:
        """Return what must be the same for a number to be ranked: dotted keys, without seed and versions."""
        metric = name.partition("/")[0]
        told = {key: value for key, value in self.protocol.items() if key not in (SEED, "versions")}
        settings = told.get("settings")
        if isinstance(settings, Mapping):  # those of other metrics do not matter to this one
            told["settings"] = {key: value for key, value in settings.items() if key == metric}
        return dict(leaves(told))

    def words(self, name: str) -> list[str]:
        """Return what is typed behind `ganctl evaluate RUN` to measure a number of another run likewise.

        The seed is among it where it is not the run's own, as that of a new evaluation will be.
        """
        metric, told = name.partition("/")[0], self.terms(name)
        found = [f"metric=[{metric}]"]
        if "real" in told:  # what only counts modes has neither real images nor an extractor
            found += [
                f"{word}={told[key]}"
                for word, key in (("n", "samples"), ("evaluation.real", "real"))
                if type(told.get(key)) is int
            ]
            split = reference(self)[1]
            found += [f"evaluation.reference={split}"] if split in ("test", "train") else []
            found += _extractor(told)
        own = values("metric", metric)
        settings = {key.removeprefix("settings."): told[key] for key in told if key.startswith("settings.")}
        found += [f"metric.{key}={shown(value)}" for key, value in settings.items() if own.get(key) != value]
        seed = self.protocol.get(SEED)
        found += [f"seed={seed}"] if type(seed) is int and seed != self.seed else []
        return found + (["average=false"] if self.average and self.protocol.get(AVERAGED) is False else [])


@dataclass(frozen=True)
class Difference:
    """One key in which two protocols differ, by the places of the runs in what was compared."""

    key: str
    one: int
    other: int
    values: tuple[Any, Any]


def differences(sources: Sequence[Source], name: str) -> list[Difference]:
    """Return what keeps these numbers from being ranked, a line for each key; none when they may be.

    A seed of the evaluation that is each run's own is the same everywhere: runs of several seeds are to
    be averaged. A run that keeps no averaged weights was measured like one that keeps them in either case:
    whether they are worth keeping is what is to be compared.
    """
    found = []
    terms = [source.terms(name) for source in sources]
    for key in sorted({key for each in terms for key in each}):
        places = [place for place, source in enumerate(sources) if key != AVERAGED or source.average]
        for place in places:
            pair = terms[places[0]].get(key, MISSING), terms[place].get(key, MISSING)
            if not _same(*pair):
                found.append(Difference(key, places[0], place, pair))
                break
    seeds = [source.protocol.get(SEED) for source in sources]
    own = all(source.protocol.get(SEED) == source.seed for source in sources)
    other = next((place for place, seed in enumerate(seeds) if seed != seeds[0]), None)
    if not own and other is not None:
        found.append(Difference(SEED, 0, other, (seeds[0], seeds[other])))
    return found


def note(sources: Sequence[Source]) -> str:
    """Return what differs and is no reason not to rank: averaged weights here and none there, versions."""
    kinds = {bool(source.protocol.get(AVERAGED)) for source in sources}
    averaged = ["averaged weights drew the samples of the runs that keep them"] if len(kinds) > 1 else []
    return "; ".join([*averaged, *_versions(sources)])


def reference(source: Source) -> tuple[str, str]:
    """Return (data set, split) of the real images: ("mnist", "test")."""
    name, _, split = str(source.protocol.get("reference", "")).rpartition(" ")
    return name, split


def _extractor(told: Mapping[str, Any]) -> list[str]:
    """Return what is typed to get the extractor of a protocol; nothing for one that ganctl does not have."""
    name = told.get("extractor")
    if name not in choices("extractor"):
        return []
    clean = ["extractor.resize=clean"] if name == "inception" and "bicubic" in str(told.get("resize")) else []
    return [f"extractor={name}", *clean, *(["extractor.path=FILE"] if name == "keras" else [])]


def _versions(sources: Sequence[Source]) -> list[str]:
    seen: dict[str, list[str]] = {}
    for source in sources:
        versions = source.protocol.get("versions")
        for package, version in versions.items() if isinstance(versions, Mapping) else ():
            if str(version) not in seen.setdefault(str(package), []):
                seen[str(package)].append(str(version))
    several = [f"{package} {', '.join(kinds)}" for package, kinds in sorted(seen.items()) if len(kinds) > 1]
    return [f"measured under different versions: {'; '.join(several)}"] if several else []


def of_training(
    lines: Sequence[Mapping[str, Any]], record: Mapping[str, Any], seed: Any, *, average: bool
) -> Source | None:
    """Return the numbers of a run's log, None when it has none whose protocol is stored."""
    protocol = record.get("protocol")
    points = measured(lines)
    if not points or not isinstance(protocol, Mapping):
        return None
    return Source("training", protocol, seed, points, average=average)


def of_evaluation(evaluation: Mapping[str, Any], seed: Any, *, average: bool) -> list[Source]:
    """Return the numbers of evaluation.json, a source for each protocol, the newest first.

    Of several results with one checkpoint and protocol the newest counts.
    """
    groups: list[tuple[Mapping[str, Any], dict[Any, Mapping[str, Any]]]] = []
    for result in sorted(results_of(evaluation), key=_made):
        protocol = {key: value for key, value in result["protocol"].items() if key != "versions"}
        group = next((newest for known, newest in groups if known == protocol), None)
        if group is None:
            group = {}
            groups.append((protocol, group))
        kind = result.get("checkpoint")
        group[result["step"] if kind == "step" else str(kind)] = result
    found = [_source(list(group.values()), seed, average) for _, group in groups]
    return sorted(found, key=lambda source: source.made, reverse=True)


def results_of(evaluation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the results of evaluation.json that can be used, whatever else a stranger wrote into it."""
    results = evaluation.get("results")
    return [each for each in results if _usable(each)] if isinstance(results, list) else []


def _source(results: list[Mapping[str, Any]], seed: Any, average: bool) -> Source:
    """Return results of one protocol as numbers."""
    newest = max(results, key=_made)
    by_step = {result["step"]: {**result["values"], "step": result["step"]} for result in results}
    points = measured([by_step[step] for step in sorted(by_step)])
    return Source("evaluation", newest["protocol"], seed, points, _made(newest), average)


def _usable(result: Any) -> bool:
    return (
        isinstance(result, Mapping)
        and isinstance(result.get("values"), Mapping)
        and isinstance(result.get("protocol"), Mapping)
        and type(result.get("step")) is int
    )


def _made(result: Mapping[str, Any]) -> str:
    return str(result.get("made", ""))


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
