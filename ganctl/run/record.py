"""What run.json holds: read whole or refused, for what it says of data and rollbacks binds the run."""

import shlex
from pathlib import Path
from typing import Any

from ganctl.error import RunError, in_short
from ganctl.files import atomic
from ganctl.files.plain import json_object

# What it holds where it holds it; another type means that it is damaged.
KINDS = {"status": str, "verdict": str, "step": int, "data": dict, "best": dict}
KINDS |= {"findings": list, "rollbacks": list}


def read(file: Path) -> dict[str, Any]:
    """Return the record; empty when there is no file.

    Raises:
        RunError: when there is one and it cannot be read, or is not as ganctl writes it.
    """
    try:
        record = json_object(file)
        for name, kind in KINDS.items():
            if not isinstance(record.get(name), kind | None):
                raise RunError(f"{file} is damaged: {name} is {in_short(ValueError(record[name]), 40)}.")
    except FileNotFoundError:
        return {}
    except RunError as error:
        move = shlex.join(["mv", str(file), str(atomic.aside(file))])
        told = "It holds the run's data, findings and rollbacks: put it back, or go on without:"
        raise RunError(f"{error} {told} {move}") from error
    return record
