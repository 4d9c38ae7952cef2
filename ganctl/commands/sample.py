"""Draw samples from a run.

usage: ganctl sample RUN [n=64] [seed=0] [checkpoint=last|best|STEP]
                         [average=true] [out=PATH] [make=NAME] [view=NAME]
                         [NAME=VALUE ...] [--trust]

  ganctl sample latest
  ganctl sample outputs/mnist-dcgan n=100 seed=7 out=grid.png
  ganctl sample mnist-dcgan n=1000 out=fakes/          single PNG files, of a
                                        conditional model in a folder a class
  ganctl sample mnist-dcgan n=50000 out=fakes.npy      raw samples
  ganctl sample mnist-cgan label=7                     of one class
  ganctl sample RUN --help              what this run can be given

RUN is a run's folder, its name under outputs/, or `latest` (the default).

  n           samples to draw
  seed        of the latents; the same seed draws the same samples
  checkpoint  last (the newest intact one), best (by a metric), or a step
  average     use averaged weights where the run keeps an average
  out         a file.png for one grid, a folder/ for single pictures, a
              file.npy for raw float32 samples (images in [-1, 1], channels
              last; points in the data's own units).
              Default: RUN/samples/step-STEP-seed-SEED.png
  make        what is made, where a model makes several things
  view        a whole picture of its own that a model has
  NAME        data that samples are made of, or labels: numbers or names with
              commas between, FROM..TO, or a picture, a folder or a zip
  --trust     build whatever the folder's config names; only for folders
              whose origin you know
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.check import expect_whole
from ganctl.error import UsageError, suggest

OPTIONS = ("n", "seed", "checkpoint", "average", "out", "make", "view")


@dataclass
class Options:
    """What to draw.

    Args:
        n: samples; 0 for 64, or one of each value that is given.
        given: by field, the text that was typed.
    """

    n: int = 0
    seed: int = 0
    checkpoint: str = "last"
    average: bool = True
    out: str = ""
    make: str = "image"
    view: str = ""
    given: dict[str, str] = field(default_factory=dict)


def read(words: list[str]) -> tuple[str, Options, bool]:
    """Return (run, options, whether to trust its config).

    Raises:
        UsageError: for anything that is not of the usage.
    """
    options = Options()
    trust, left = "--trust" in words, [word for word in words if word != "--trust"]
    # A run's own name may hold a "=", so the first word is the run unless it is an option.
    first = left[0] if left else ""
    name = left.pop(0) if first and first.partition("=")[0] not in OPTIONS else "latest"
    for word in left:
        key, sign, value = word.partition("=")
        if not sign and key in OPTIONS:
            raise UsageError(f"Expected {key}=VALUE, got '{word}'. See: ganctl sample --help")
        if not sign or not key.isidentifier():
            hint = suggest(key, OPTIONS) or " See: ganctl sample --help"
            raise UsageError(f"Expected NAME=VALUE, got '{word}'.{hint}")
        if key in OPTIONS:
            setattr(options, key, _value(key, value, getattr(options, key)))
        else:
            options.given[key] = value
    if any(word.startswith("n=") for word in left):
        expect_whole("n", options.n, 1)
    expect_whole("seed", options.seed, 0)
    if options.seed >= 2**31:
        raise UsageError(f"seed: expected a whole number from 0 to 2147483647, got '{options.seed}'.")
    if not _is_folder(options.out) and Path(options.out).suffix not in (".png", ".npy"):
        raise UsageError(f"out: expected a file.png, a file.npy or a folder/, got '{options.out}'.")
    return name, options, trust


def run(words: list[str]) -> int:
    """Draw and write what the words ask for; return the exit code."""
    from ganctl.config.trust import admit
    from ganctl.run.folder import find

    name, options, trust = read(words)
    folder = find(name, Path("outputs"))
    config = folder.config()
    admit(config, folder.path, trust=trust)
    _draw(folder, config, options)
    return 0


def help_of(words: list[str]) -> str:
    """Return what a run can be given, under the usage; the usage alone where no run is named."""
    named = [word for word in words if not word.startswith("-") and word.partition("=")[0] not in OPTIONS]
    usage = (__doc__ or "").strip()
    if not named:
        return usage
    from ganctl.dataset.given import hint
    from ganctl.run.folder import find

    folder = find(named[0], Path("outputs"))
    asks = folder.asks()
    lines = [f"{folder.path} makes {', '.join(asks.makes)}, and can be given:"]
    lines += [f"  {hint(name, each)}" for name, each in asks.fields.items() if name in asks.names]
    lines += [f"  view={view}" for view in asks.views]
    return "\n".join([usage, "", *(lines if len(lines) > 1 else [f"{folder.path} needs nothing else."])])


def _draw(folder: Any, config: dict[str, Any], options: Options) -> None:
    from ganctl.run import checkpoint
    from ganctl.run.console import complain, say
    from ganctl.training.drawing import Drawing

    step, tensors, complaints = checkpoint.wanted(folder.checkpoints, options.checkpoint)
    for complaint in complaints:
        complain(f"WARNING: {complaint} Using step {step} instead.")
    drawing = Drawing(folder, config, tensors, options)
    out = Path(options.out) if options.out else folder.samples / f"step-{step:06d}-seed-{options.seed}.png"
    as_folder = bool(options.out) and _is_folder(options.out)
    drawing.write(out, as_folder=as_folder)
    for remark in drawing.remarks:
        say(f"Note: {remark}")
    weights = "averaged weights" if drawing.averaged else "the last weights"
    what = f"{options.view} of" if options.view else f"{drawing.count} samples of"
    say(f"{what} step {step} ({weights}, seed {options.seed}): {out}")


def _is_folder(out: str) -> bool:
    return out.endswith("/") or Path(out).is_dir() or not Path(out).suffix


def _value(key: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{key}: expected true or false, got '{text}'.")
        return text.lower() == "true"
    if isinstance(default, int):
        if not text.lstrip("-").isdigit():
            raise UsageError(f"{key}: expected a whole number, got '{text}'.")
        return int(text)
    return text
