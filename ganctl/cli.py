"""The command `ganctl`: it finds a command's module, runs it, and tells errors in one line."""

import importlib
import os
import sys
from collections.abc import Sequence

from ganctl import commands
from ganctl.commands import COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 a failed run, 2 a wrong command, 3 a sick run."""
    if arguments is None:
        _streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    traceback = "--traceback" in words or bool(os.environ.get("HYDRA_FULL_ERROR"))
    words = [word for word in words if word != "--traceback"]
    try:
        code = _run(*words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nganctl: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if traceback:
            raise
        return _explain(error)


def _run(command: str = "--help", *words: str) -> int:
    from ganctl.error import UsageError, suggest

    if command in ("-h", "--help") or (command == "help" and not words):
        print((commands.__doc__ or "").strip())
        return 0
    if command == "help":
        return _help(*words)
    if command == "--version":
        from ganctl import __version__

        print(f"ganctl {__version__}")
        return 0
    if command not in COMMANDS:
        from ganctl.config import synonyms

        known = [synonyms.COMMANDS.get(command, ""), *COMMANDS, "help", "--help", "--version"]
        hint = f" Did you mean '{known[0]}'?" if known[0] else suggest(command, known[1:])
        hint = hint or " See: ganctl --help"
        raise UsageError(f"There is no command '{command}'.{hint}")
    module = importlib.import_module(f"ganctl.commands.{command.replace('-', '_')}")
    if any(word in ("-h", "--help") for word in words):
        print(module.help_of(list(words)) if hasattr(module, "help_of") else (module.__doc__ or "").strip())
        return 0
    return module.run(list(words))


def _help(word: str, *more: str) -> int:
    """Explain a command, a key of the config, a group or a choice."""
    if word in COMMANDS:
        return _run(word, *more, "--help")
    from ganctl.config.manual import explain

    print(explain(word))
    return 0


def _streams() -> None:
    """Make standard streams that take whatever is written: none may be closed, none may choke on a letter."""
    for place, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The next file opened would get its number, and C++ code would print into it.
            if os.open(os.devnull, os.O_RDWR) != place:
                continue
            setattr(sys, name, os.fdopen(place, "w" if place else "r", encoding="utf-8", closefd=False))
        elif place:
            getattr(sys, name).reconfigure(errors="replace")


def _explain(error: Exception) -> int:
    """Print an error in one line; return the exit code it stands for."""
    from ganctl.error import GanctlError, in_short, printable

    text = printable(in_short(error, most=1000))
    if isinstance(error, GanctlError):
        print(f"ganctl: {text}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        print(f"ganctl: {named}{error.strerror or text}; nothing that was saved is lost.", file=sys.stderr)
        return 1
    print(f"ganctl: {type(error).__name__}: {text[:300]} (add --traceback to see where)", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
