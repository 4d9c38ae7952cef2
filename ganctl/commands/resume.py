"""Go on with a run exactly where its newest checkpoint is.

usage: ganctl resume RUN [key=value ...] [--trust]

  ganctl resume latest
  ganctl resume outputs/mnist-dcgan trainer.steps=20000

RUN is a run's folder, its name under outputs/, or `latest` (the default).
What does not change the experiment may change:
KEYS

options:
  --trust       build whatever the folder's config names; only for folders
                whose origin you know
  --traceback   show where in the code an error arose
"""

import textwrap
from pathlib import Path
from typing import Any

from ganctl.config.lives import RESUMABLE, VOLATILE
from ganctl.error import UsageError, closest, suggest


def help_of(_words: list[str]) -> str:
    """Return the help, with the keys that `ganctl.config.lives` lists."""
    keys = textwrap.fill(", ".join(RESUMABLE), 76, initial_indent="  ", subsequent_indent="  ")
    return (__doc__ or "").strip().replace("KEYS", keys)


def run(words: list[str]) -> int:
    """Continue the named run; return the exit code."""
    from ganctl.config.trust import admit
    from ganctl.run.folder import find
    from ganctl.run.writer import Run
    from ganctl.training import session

    unknown = [word for word in words if word.startswith("-") and word != "--trust"]
    if unknown:
        raise UsageError(f"There is no option '{unknown[0]}'. See: ganctl resume --help")
    overrides = [word for word in words if not word.startswith("-")]
    # A run's own name may hold a "=", so the first word is the run unless it is a key.
    named = overrides and overrides[0].partition("=")[0] not in VOLATILE
    name = overrides.pop(0) if named else "latest"
    found = Run(find(name, Path("outputs")).path)
    config = found.config()
    admit(config, found.path, trust="--trust" in words)
    for word in overrides:
        _change(config, word)
    return session.proceed(found, config, overrides)


def _change(config: dict[str, Any], word: str) -> None:
    """Apply one override that leaves the experiment what it is.

    Raises:
        UsageError: for any other key.
    """
    from ganctl.config.overrides import parse

    override = parse([word])[0]
    key, value = override.key_or_group, override.value()
    group, _, leaf = key.partition(".")
    if key not in RESUMABLE:
        ends = {name.rpartition(".")[2]: name for name in RESUMABLE}
        hint = suggest(key, RESUMABLE) or suggest(ends.get(closest(key, ends), ""), RESUMABLE)
        known = key in config or leaf in (config.get(group) or {})
        if hint and not known:
            raise UsageError(f"There is no key '{key}'.{hint}")
        raise UsageError(
            f"{key} cannot change within a run ({', '.join(RESUMABLE)} can). "
            "For another experiment: ganctl train"
        )
    if group == "dataset" and leaf not in config[group]:
        raise UsageError(f"There is no key '{key}' in this run.")
    config[group][leaf] = int(value) if isinstance(value, float) and value.is_integer() else value
    if key == "trainer.steps":
        config["trainer"]["epochs"] = None
