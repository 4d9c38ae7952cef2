"""Make averaged weights of another length from those that a run kept.

usage: ganctl average RUN sigma=S[,S ...]

  ganctl average latest sigma=0.03,0.08,0.15
  ganctl evaluate latest checkpoint=sigma-0.08
  ganctl sample latest checkpoint=sigma-0.08

RUN is a run's folder, its name under outputs/, or `latest` (the default), and
was trained with average=power. Its averages cover a share of the training
that is chosen now, without training anew (Karras et al., 2024, section 3.2).

  sigma     the deviation of the turns that are averaged over the length of the
            training, above 0 and below 0.28; a checkpoint is made of each
"""

from dataclasses import dataclass
from pathlib import Path

from ganctl.config.words import option, read

FAR = 0.1  # of a profile's norm: what is made then is another average than was asked for


@dataclass
class Options:
    """What a user asked for."""

    name: str = "latest"
    sigma: str = option("", example="0.08")


def run(words: list[str]) -> int:
    """Make the averages and write them as checkpoints; return the exit code."""
    from ganctl.config.trust import check_links
    from ganctl.error import UsageError
    from ganctl.run import checkpoint, lengths
    from ganctl.run.console import complain, say
    from ganctl.run.folder import find

    options = read(words, Options, "average", first="name")
    folder = find(options.name, Path("outputs"))
    check_links(folder.path, "delete it")
    kept = (folder.config().get("average") or {}).get("sigmas")
    if not kept:
        raise UsageError(f"{folder.path} kept no averages of several lengths; train with average=power.")
    wanted = [_length(text) for text in options.sigma.split(",")]
    step, made = lengths.averaged(folder.path / "averages", kept, wanted)
    _, tensors = folder.tensors(str(step))
    for sigma, (averages, distance) in zip(wanted, made, strict=True):
        path = folder.checkpoints / checkpoint.of_length(sigma)
        checkpoint.write(path, tensors | averages, step=step)
        if distance > FAR:
            complain(f"WARNING: sigma={sigma:g} is {distance:.0%} off what the kept averages can tell.")
        say(f"sigma={sigma:g}, step {step}, {distance:.2%} off: {path}")
    say(f"  measure  ganctl evaluate {folder.typed} checkpoint={path.stem}")
    say(f"  samples  ganctl sample {folder.typed} checkpoint={path.stem}")
    return 0


def _length(text: str) -> float:
    from ganctl.error import UsageError
    from ganctl.run.lengths import LONGEST

    try:
        sigma = float(text)
    except ValueError:
        sigma = 0.0
    if not 0 < sigma < LONGEST:
        raise UsageError(f"sigma: expected numbers above 0 and below {LONGEST:.2f}, got '{text}'.")
    return sigma
