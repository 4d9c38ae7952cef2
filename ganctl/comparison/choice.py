"""Which choices of the config groups a resolved config was made of, and what these alone would give.

Nobody keeps the words of a run's first command, and importing Hydra takes longer than a table should; so
choices are recognised by what they contain, and composed by merging their files as Hydra does.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ganctl.config.choices import choices, defaults, file_of

Config = Mapping[str, Any]
RECIPES = ("experiment", "model")  # groups whose choices say what other groups choose
ABSENT = "(absent)"


@dataclass(frozen=True)
class Recipe:
    """What a config was made of.

    Args:
        chosen: by word (`loss`, `optimizer.generator`), the choice; a tuple for groups that take several;
            None for nothing. A part of somebody's own is named by its `_target_`.
        base: the config that these choices alone give.
        own: by word, what the model or the experiment chooses by itself.
    """

    chosen: Mapping[str, Any]
    base: Config
    own: Mapping[str, Any]

    def changes(self, config: Config) -> dict[str, tuple[Any, Any]]:
        """Return key -> (value, what the choices alone give) of all that was changed beside them.

        A key that the choices do not have has ABSENT in its place.
        """
        usual = dict(leaves(self.base))
        return {
            key: (value, usual.get(key, ABSENT))
            for key, value in leaves(config)
            if key not in usual or usual[key] != value
        }


def recognized(config: Config, *, experiments: bool = False) -> Recipe:
    """Return the recipe whose choices explain most of a run's config.

    Args:
        config: resolved, plain data, perhaps a stranger's.
        experiments: whether an experiment may explain it too, besides a model.
    """
    able = {word: _able(word, group, config) for word, group in _words() if group not in RECIPES}
    nearest = {word: found[0] for word, found in able.items()}
    best: tuple[tuple[bool, int], Recipe] | None = None
    for recipe in _recipes(config, experiments):
        own = _decided(recipe)
        # Of choices that make the same class, dcgan and dcgan64, the recipe's own may be changed the most.
        usual = {word: own[word] if own[word] in found else found[0] for word, found in able.items()}
        for seen in (usual, nearest) if usual != nearest else (usual,):
            base = resolved(composed(tuple(recipe.items()), tuple(seen.items())), config)
            made = Recipe(recipe | seen, base, own)
            against = sum(own.get(word) != choice for word, choice in seen.items())
            # A recipe of another kind of network is the last to come to mind, however much else agrees.
            cost = own.get("network") not in able.get("network", ()), len(made.changes(config)) + against
            if best is None or cost < best[0]:
                best = cost, made
    if best:
        return best[1]
    # A family of somebody's own: what its other groups give is all that can be known.
    model = str(_at(config, ["model"], "_target_") or "")
    base = resolved(composed((("model", None),), tuple(nearest.items())), config)
    return Recipe({"experiment": None, "model": model} | nearest, base, nearest)


@functools.cache
def composed(recipe: tuple[tuple[str, Any], ...], seen: tuple[tuple[str, Any], ...]) -> Config:
    """Return what train.yaml gives with these choices, interpolations as they stand.

    A part that is chosen against the recipe has its own values, not those meant for the recipe's part.
    """
    own, wanted = _decided(dict(recipe)), dict(seen)
    tree = _own(_content("", "train")[1])
    picked = own | wanted
    for word, group in _words():
        chosen = picked.get(word)
        for choice in chosen if isinstance(chosen, tuple) else (chosen,):
            package, content = _content(group, choice)
            tree = _merged(tree, _nested(word if package is None else package, content))
    for word, choice in wanted.items():
        if isinstance(choice, tuple):
            parts = tree.get(word) or {}
            kept = {name: part for name, part in parts.items() if "_target_" in str(part)}
            tree = {**tree, word: kept}
        elif choice != own.get(word):
            tree = _replaced(tree, word.split("."), _content(dict(_words())[word], choice)[1])
    return tree


def resolved(base: Any, config: Config, path: tuple[str, ...] = ()) -> Any:
    """Return a composed tree with its interpolations taken from a resolved config, whose own they are."""
    if isinstance(base, Mapping):
        return {key: resolved(value, config, (*path, key)) for key, value in base.items()}
    if not isinstance(base, str) or "${" not in base:
        return base
    linked = re.fullmatch(r"\$\{([\w.]+)\}", base)
    found = _at(config, linked[1].split(".")) if linked else None
    if found is None:  # worked out in another way, so the value is taken as it is
        found = _at(config, path)
    return found


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of nested mappings; a list is one value."""
    for key, value in node.items() if isinstance(node, Mapping) else ():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from leaves(value, name)
        else:
            yield name, value


def usual(group: str, choice: str) -> dict[str, Any]:
    """Return a choice's own values by dotted key; none for one that is not ganctl's."""
    return dict(leaves(_content(group, choice)[1]))


def shown(value: Any) -> str:
    """Return a config value as it is typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(shown, value))}]"
    return str(value)


def _words() -> list[tuple[str, str]]:
    """Return (word that is typed, group) of everything that train.yaml chooses, in its order."""
    return [(key.partition("@")[2] or key, key.partition("@")[0]) for key in defaults()]


def _default(word: str) -> Any:
    for key, choice in defaults().items():
        if (key.partition("@")[2] or key) == word:
            return tuple(choice) if isinstance(choice, list) else choice
    return None


def _recipes(config: Config, experiments: bool) -> Iterator[dict[str, Any]]:
    """Yield the models, then the experiments, that make a game of this config's class."""
    target = _at(config, ["model", "_target_"])
    for experiment in (None, *(choices("experiment") if experiments else ())):
        fixed = _overrides("experiment", experiment).get("model", _default("model"))
        able = [m for m in choices("model") if _at(_content("model", m)[1], ["model", "_target_"]) == target]
        # An experiment's own model, where it can be that; another was chosen against it.
        for model in [fixed] if experiment and fixed in able else able:
            yield {"experiment": experiment, "model": model}


def _decided(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return every word's choice under a recipe that nothing else was asked of."""
    own = {word: _default(word) for word, _ in _words()}
    model = recipe.get("model")
    return (
        own | _overrides("model", model) | _overrides("experiment", recipe.get("experiment")) | dict(recipe)
    )


def _overrides(group: str, choice: Any) -> dict[str, Any]:
    """Return what a choice's own defaults list chooses of other groups."""
    found = {}
    for entry in _content(group, choice)[1].get("defaults", ()):
        for key, value in entry.items() if isinstance(entry, dict) else ():
            word = key.removeprefix("override ").lstrip("/")
            found[word.partition("@")[2] or word] = tuple(value) if isinstance(value, list) else value
    return found


def _able(word: str, group: str, config: Config) -> list[Any]:
    """Return the choices that a config's part may have been made of, the nearest first; at least one."""
    node = _at(config, word.split("."))
    if isinstance(_default(word), tuple):
        parts = node if isinstance(node, Mapping) else {}
        return [tuple(str(name) for name, part in parts.items() if isinstance(part, Mapping))]
    targets, there = _targets(node), dict(leaves(node))
    near = []
    for choice in choices(group):
        content = _own(_content(group, choice)[1])
        if _targets(content) == targets:
            usual = dict(leaves(resolved(content, config, tuple(word.split(".")))))
            near.append((sum(there.get(key) != usual[key] for key in usual), choice))
    # A part of somebody's own is called by its class, and nothing is called nothing.
    return [choice for _, choice in sorted(near)] or [next(iter(targets.values()), None)]


def _targets(node: Any) -> dict[str, Any]:
    """Return the targets of a part, and of a network's two."""
    found = dict(leaves(node))
    return {key: found[key] for key in sorted(found) if key == "_target_" or key in _NETWORKS}


_NETWORKS = ("generator._target_", "discriminator._target_")


@functools.cache
def _content(group: str, choice: Any) -> tuple[str | None, dict[str, Any]]:
    """Return (package, content) of a choice's file; the package is None where the word says it."""
    import yaml

    if group and choice not in choices(group):  # nothing, or somebody's own, which lies elsewhere
        return None, {}
    try:
        text = file_of(group, str(choice)).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    except (OSError, ValueError, yaml.YAMLError):
        return None, {}
    package = re.search(r"^# @package (\S+)", text, re.MULTILINE)
    named = package[1].replace("_global_", "") if package else None
    for entry in content.get("defaults", ()):  # parts within a part: nonsaturating@parts.nonsaturating
        if isinstance(entry, str) and "@" in entry:
            inner, _, place = entry.partition("@")
            content = _merged(_nested(place, _content(group, inner)[1]), content)
    return ("" if not group else named), content


def _own(content: Config) -> Config:
    return {key: value for key, value in content.items() if key != "defaults"}


def _nested(path: str, content: Config) -> Config:
    tree = _own(content)
    for part in reversed(path.split(".") if path else []):
        tree = {part: tree}
    return tree


def _merged(tree: Config, other: Config) -> Config:
    """Return two trees as one; where both have a value, the other's counts."""
    found = dict(tree)
    for key, value in other.items():
        old = found.get(key)
        found[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found


def _replaced(tree: Config, path: list[str], content: Config) -> Config:
    if not path:
        return _own(content)
    below = tree.get(path[0])
    return {**tree, path[0]: _replaced(below if isinstance(below, Mapping) else {}, path[1:], content)}


def _at(node: Any, path: Any, *more: str) -> Any:
    for part in (*path, *more):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node
