"""Train generative adversarial networks from the command line.

usage: ganctl COMMAND [ARGUMENTS]

  train        train a game: ganctl train dataset=mnist model=dcgan
  resume       go on with a run: ganctl resume RUN [trainer.steps=N]
  sample       draw samples from a run: ganctl sample RUN [n=64]
  doctor       say what is wrong with a run: ganctl doctor RUN
  evaluate     measure samples: ganctl evaluate RUN [metric=[fid,kid]]
  compare      rank runs by a metric: ganctl compare RUN RUN ...
  report       write a run or a sweep as one HTML file: ganctl report RUN
  list         show what there is to choose: ganctl list models
  runs         show the runs in outputs/
  bench        measure the training step against a bare loop
  completion   complete words in your shell
  train-extractor   make the small classifiers that metrics read images with

RUN is a run's folder, its name under outputs/, or `latest`.

  ganctl COMMAND --help   what a command takes
  --traceback             show where in the code an error arose
  --version               print the version

Start here:  ganctl train
"""

import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = (
    "train",
    "resume",
    "sample",
    "doctor",
    "evaluate",
    "compare",
    "report",
    "list",
    "runs",
    "bench",
    "completion",
    "train-extractor",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 a failed run, 2 a wrong command, 3 a sick run."""
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

    if command in ("-h", "--help", "help"):
        print((__doc__ or "").strip())
        return 0
    if command == "--version":
        from ganctl import __version__

        print(f"ganctl {__version__}")
        return 0
    if command not in COMMANDS:
        hint = suggest(command, [*COMMANDS, "--help", "--version"]) or " See: ganctl --help"
        raise UsageError(f"There is no command '{command}'.{hint}")
    module = importlib.import_module(f"ganctl.commands.{command.replace('-', '_')}")
    if any(word in ("-h", "--help") for word in words):
        print((module.__doc__ or "").strip())
        return 0
    return module.run(list(words))


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
