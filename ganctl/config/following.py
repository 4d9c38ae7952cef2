"""The numbers of a config that follow trainer.steps: a run that is lengthened takes them along."""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any


def following(config: Mapping[str, Any]) -> Iterator[tuple[list[str], int]]:
    """Yield the places of the numbers whose default is made of trainer.steps, with that default.

    These are the length of a schedule (`${updates:}`) and of the noise that fades (`${trainer.steps}`).
    """
    trainer = config["trainer"]
    for player, node in (config.get("schedule") or {}).items():
        if isinstance(node, Mapping) and "decay_steps" in node:
            turns = (trainer.get("turns") or {}).get(player, 1)
            yield ["schedule", player, "decay_steps"], trainer["steps"] * turns
    if "steps" in ((config.get("augment") or {}).get("instance_noise") or {}):
        yield ["augment", "instance_noise", "steps"], trainer["steps"]


def lengthened(
    config: Mapping[str, Any], steps: int, typed: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return a run's config for another number of steps, and by dotted key what else became another.

    Args:
        config: resolved.
        steps: the new trainer.steps.
        typed: dotted keys that somebody gave a number of their own, which stays.
    """
    found, changed = deepcopy(dict(config)), {}
    before = dict((".".join(place), usual) for place, usual in following(config))
    found["trainer"]["steps"] = steps
    for place, usual in list(following(found)):
        key, *path = ".".join(place), *place
        node = found
        for part in path[:-1]:
            node = node[part]
        if key not in typed and node[path[-1]] == before[key] != usual:
            node[path[-1]] = changed[key] = usual
    return found, changed
