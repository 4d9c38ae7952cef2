"""Find given pictures again among what a run's generator can make.

usage: ganctl project RUN input=PATH [steps=300] [space=NAME] [label=CLASS]
                          [checkpoint=last|best|STEP] [out=FOLDER/] [--trust]

  ganctl project latest input=face.png
  ganctl project cats input=photos/ steps=1000 out=found/
  ganctl project styles input=cat.png space=style

A code of each picture is searched by gradient descent. Written are, of each,
NAME.png (the picture, what was found, their difference), NAME.npy (the code),
and NAME.gif (the search).

  input       a picture, a folder or a zip; the middle of each is cut out
  steps       of the search
  space       where: latent, or style for StyleGAN's w; the best by default
  label       the pictures' class, a number or a name, where the run has classes
  checkpoint  last (the newest intact one), best (by a metric), a step, or
              sigma-S (of ganctl average)
  average     false for the last weights in place of averaged ones
  out         a folder; default: RUN/projection
  --trust     build what the run's config names, even if not part of ganctl
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganctl.config.words import option, read
from ganctl.error import UsageError

TOGETHER = 16  # pictures searched for at a time


@dataclass
class Options:
    """What a user asked for."""

    name: str = "latest"
    input: str = option("")
    steps: int = option(300, least=1, most=100_000)
    space: str = option("")
    label: str = option("")
    seed: int = option(0, least=0, most=2**31 - 1)
    checkpoint: str = option("last")
    average: bool = option(True)
    out: str = option("", example="found/")
    trust: bool = option(False, flags=("--trust",))


def run(words: list[str]) -> int:
    """Search for the named pictures and write what was found; return the exit code."""
    from ganctl.config.trust import admit, check_links
    from ganctl.run.folder import find

    options = read(words, Options, "project", first="name")
    if not options.input:
        raise UsageError(
            "project: expected a picture, a folder or a zip, as in ganctl project RUN input=photo.png."
        )
    folder = find(options.name, Path("outputs"))
    config = folder.config()
    admit(config, folder.path, trust=options.trust)
    if not options.out:  # what is written into the folder shall not land elsewhere
        check_links(folder.path, "delete it, or type out=FOLDER/")
    _search(folder, config, options)
    return 0


def _search(folder: Any, config: dict[str, Any], options: Options) -> None:
    import numpy as np

    from ganctl.dataset.given_pictures import pictures
    from ganctl.files.samples import places_of
    from ganctl.game.field import from_facts
    from ganctl.run.console import Countdown, complain, say, waiting
    from ganctl.training import build

    fields = from_facts(folder.data().get("fields"), folder.path / "run.json")
    shape = fields["image"].shape
    if fields["image"].kind != "image":
        raise UsageError(f"project: {folder.path} makes no pictures.")
    given = pictures("input", shape, options.input)
    for name, reason in given.bad.items():
        complain(f"WARNING: {name} is left out: {reason}")
    step, tensors = folder.tensors(options.checkpoint)
    with waiting("loading"):
        sampler, state = build.sampler(build.to_draw(config), fields)
        state.restore(tensors)
    from ganctl.training.inversion import Inversion

    inversion = Inversion(sampler, space=options.space, averaged=options.average, seed=options.seed)
    label = _label(sampler.game, options.label)
    out = Path(options.out) if options.out else folder.path / "projection"
    places = places_of(out, given.names, 1)
    parts = -(-len(given) // TOGETHER)
    with Countdown(parts * options.steps, "searching") as countdown:
        for start in range(0, len(given), TOGETHER):
            numbers = range(start, min(start + TOGETHER, len(given)))
            images = given[np.array(numbers)]
            labels = None if label is None else np.full(len(images), label)
            found = inversion.search(images, steps=options.steps, labels=labels, advance=countdown.advance)
            for index, number in enumerate(numbers):
                _write(places[number], images[index], found, index)
                before, after = found.begun[index], found.distances[index]
                say(f"{given.names[number]}: {after:.4f} away ({before:.4f} at the start)")
    say(f"{len(given)} pictures in the space of {inversion.name}s, step {step}: {out}/")


def _write(place: Path, picture: Any, found: Any, index: int) -> None:
    """Write the picture beside what was found, its code, and the search as a film."""
    import numpy as np

    from ganctl import image
    from ganctl.files import atomic
    from ganctl.files.pictures import save_clip, save_png

    made = found.images[index]
    row = np.stack([picture, made, np.abs(picture - made) - 1.0])
    place.parent.mkdir(parents=True, exist_ok=True)
    save_png(place.with_suffix(".png"), image.grid(row, columns=3))
    with atomic.writing(place.with_suffix(".npy"), sync=False) as file:
        np.save(file, found.codes[index], allow_pickle=False)
    save_clip(place.with_suffix(".gif"), image.to_uint8(found.film[index]))


def _label(game: Any, text: str) -> int | None:
    """Return the number of a class that was typed, None where the game has none."""
    from ganctl.dataset.given import read as read_given

    if "label" not in game.conditions(0):
        if text:
            raise UsageError("label: this run has no classes; leave it out.")
        return None
    return int(read_given("label", game.fields["label"], text).values[0])
