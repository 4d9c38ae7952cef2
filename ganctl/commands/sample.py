"""Draw samples from a run.

usage: ganctl sample RUN [n=64] [seed=0] [checkpoint=last|best|STEP]
                         [average=true] [out=PATH] [make=NAME] [view=NAME]
                         [same_latent=false] [size=trained]
                         [NAME=VALUE ...] [--trust]

  ganctl sample latest
  ganctl sample outputs/mnist-dcgan n=100 seed=7 out=grid.png
  ganctl sample mnist-dcgan n=1000 out=fakes/          single PNG files, of a
                                        conditional model in a folder a class
  ganctl sample mnist-dcgan n=50000 out=fakes.npy      raw samples
  ganctl sample mnist-cgan label=7                     of one class
  ganctl sample mnist-cgan label=all same_latent=true  one of each class
  ganctl sample mnist-cgan between=3,8 same_latent=true   from class to class
  ganctl sample mnist-dcgan view=walk seconds=6 out=walk.webp
  ganctl sample facades-pix2pix input=plans/ out=photos/   under their names
  ganctl sample cats-inpainting image=torn.png mask=mask.png   white: the hole
  ganctl sample RUN --help              what this run can be given

RUN is a run's folder, its name under outputs/, or `latest` (the default).

  n           samples to draw; of pictures that are given, of each
  seed        of the latents; the same seed draws the same samples
  seeds       several, 0-15 or 3,7,12: n samples of each, 1 if nobody says
  checkpoint  last (the newest intact one), best (by a metric), a step, or
              sigma-S (of ganctl average)
  average     use averaged weights where the run keeps an average
  out         a file.png for one grid, a folder/ for single pictures, a
              file.npy for raw float32 samples (images in [-1, 1], channels
              last; points in the data's own units), a file.gif, .webp or
              .mp4 for a film of what is given, or of a view.
              Default: RUN/samples/step-STEP-seed-SEED.png
  make        what is made, where a model makes several things
  view        a whole picture of its own that a model has; walk: a film past
              several latents, n of them beside each other
  seconds     of a walk
  same_latent true: all samples have the first one's noise, and differ by
              what they are given alone
  size        own: given pictures keep their size, where networks take any;
              trained: the middle of each is cut to the size of the training
  NAME        data that samples are made of, or labels: numbers or names with
              commas between, FROM..TO, all, or a picture, a folder or a zip
  --trust     build whatever the folder's config names; only for folders
              whose origin you know
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.config.words import option, read
from ganctl.error import UsageError

MOST_SEEDS = 1024  # a block of samples is drawn for each


@dataclass
class Options:
    """What to draw.

    Args:
        n: samples; 0 for 64, or one of each value that is given.
        words: NAME=VALUE that are no option of the command.
    """

    name: str = "latest"
    n: int = option(0, least=1)
    seed: int = option(0, least=0, most=2**31 - 1)
    checkpoint: str = option("last")
    average: bool = option(True)
    out: str = option("", example="grid.png")
    make: str = option("image")
    several: str = option("", key="seeds", example="0-15")
    view: str = option("")
    seconds: float = option(6.0, least=0.1, most=600.0)
    same_latent: bool = option(False)
    size: str = option("trained", among=("trained", "own"))
    trust: bool = option(False, flags=("--trust",))
    words: list[str] = field(default_factory=list)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were typed, a range or a list; none where there is one."""
        found: list[int] = []
        for part in self.several.split(",") if self.several else ():
            first, _, last = part.strip().partition("-")
            if not first.isdigit() or not (last.isdigit() or (last == "" and "-" not in part)):
                raise UsageError(
                    f"seeds: expected a range or a list, as 0-15 or 3,7,12, got '{self.several}'."
                )
            found += range(int(first), min(int(last or first), int(first) + MOST_SEEDS) + 1)
        if len(found) > MOST_SEEDS or any(seed >= 2**31 for seed in found):
            raise UsageError(f"seeds: expected at most {MOST_SEEDS} below 2147483648, got '{self.several}'.")
        return tuple(found)

    @property
    def given(self) -> dict[str, str]:
        """The words of the run's own: by field, the text that was typed."""
        return dict(word.split("=", 1) for word in self.words)


def run(words: list[str]) -> int:
    """Draw and write what the words ask for; return the exit code."""
    from ganctl.config.trust import admit
    from ganctl.files.samples import FILMS, WALK
    from ganctl.run.folder import find

    options = read(words, Options, "sample", first="name", rest="words", of_rest=_is_given)
    if options.view == WALK and not options.out.endswith(FILMS):
        raise UsageError(f"view=walk: expected a film to write to, as out=walk.webp, got '{options.out}'.")
    if not _is_folder(options.out) and Path(options.out).suffix not in (".png", ".npy", *FILMS):
        raise UsageError(
            f"out: expected a file.png, .npy, .gif, .webp or .mp4, or a folder/, got '{options.out}'."
        )
    folder = find(options.name, Path("outputs"))
    config = folder.config()
    admit(config, folder.path, trust=options.trust)
    _draw(folder, config, options)
    return 0


def help_of(words: list[str]) -> str:
    """Return what a run can be given, under the usage; the usage alone where no run is named."""
    usage = (__doc__ or "").strip()
    named = [word for word in words if not word.startswith("-") and "=" not in word]
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
    from ganctl.run.console import say, waiting
    from ganctl.training.drawing import Drawing

    step, tensors = folder.tensors(options.checkpoint)
    drawing = Drawing(folder, config, tensors, options)
    seed = f"seeds {options.several}" if options.several else f"seed {options.seed}"
    usual = folder.samples / f"step-{step:06d}-{seed.replace(' ', '-')}.png"
    out = Path(options.out) if options.out else usual
    as_folder = bool(options.out) and _is_folder(options.out)
    with waiting("drawing"):
        drawing.write(out, as_folder=as_folder)
    for remark in drawing.remarks:
        say(f"Note: {remark}")
    weights = "averaged weights" if drawing.averaged else "the last weights"
    what = f"{options.view} of" if options.view else f"{drawing.count} samples of"
    say(f"{what} step {step} ({weights}, {seed}): {out}")


def _is_given(word: str) -> bool:
    return word.partition("=")[0].isidentifier() and "=" in word


def _is_folder(out: str) -> bool:
    return out.endswith("/") or Path(out).is_dir() or not Path(out).suffix
