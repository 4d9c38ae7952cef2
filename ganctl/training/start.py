"""Where a run's weights start, if not at random: those of another run (`from=RUN`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganctl.error import RunError, UsageError
from ganctl.run.folder import find

if TYPE_CHECKING:
    from ganctl.training.state import State


def adopt(state: "State", config: Mapping[str, Any]) -> dict[str, Any]:
    """Give a run that begins the weights of the one that its config names; return what run.json says of it.

    Networks and, where both runs keep them, averages are those of the other run's newest intact checkpoint;
    what only this run averages starts as its networks. With `keep_optimizer`, so is all else that both have.

    Raises:
        UsageError: when there is no such run, or its networks are not this one's; nothing was changed then.
    """
    name, kept = config.get("from"), bool(config.get("keep_optimizer"))
    if not name:
        return {}
    folder = find(str(name), Path(str(config["outputs"])).expanduser())
    try:
        step, tensors = folder.tensors()
    except RunError as error:
        raise UsageError(f"from={name}: {error}") from error
    state.adopt(tensors, where=f"from={name}", everything=kept)
    return {"started_from": {"run": str(folder.path), "step": step, "optimizer": "kept" if kept else "fresh"}}
