"""Train a game, or go on with one that the same command began.

usage: ganctl train [group=choice ...] [key=value ...] [options]

  ganctl train                                    experiment=digits: minutes
  ganctl train dataset=mnist model=dcgan
  ganctl train dataset=image_folder dataset.path=photos model=dcgan64
  ganctl train model=gan loss=minimax trainer.turns.discriminator=3
  ganctl train optimizer.generator=adamw optimizer.generator.learning_rate=1e-4
  ganctl train from=mnist-dcgan dataset.path=mine     that run's words, weights
  ganctl train -m loss=nonsaturating,least_squares seed=0,1,2        a sweep

The run lives in outputs/<dataset>-<model>-<what else was changed>; name=NAME
gives it another name. The same command continues the same run.

options:
  --cfg job          print the composed config and stop
  --dry-run          build everything, print a summary, train nothing
  -m, --multirun     train one run for each combination of comma-separated
                     values; started again, it skips the finished ones
  --config-dir DIR   a folder of your own configs, added to ganctl's
  --traceback        show where in the code an error arose

groups: ganctl list      keys: ganctl train --cfg job
"""

from dataclasses import dataclass, field
from pathlib import Path

from ganctl.config.chosen import key_of, noted
from ganctl.config.words import option, read

FIRST = "experiment=digits"  # what `ganctl train` means: a newcomer sees digits in minutes


@dataclass
class Options:
    """The words of a train command, sorted."""

    overrides: list[str] = field(default_factory=list)
    cfg: str = option("", flags=("--cfg", "-c"), among=("job",))
    dry_run: bool = option(False, flags=("--dry-run",))
    multirun: bool = option(False, flags=("-m", "--multirun"))
    config_dir: Path | None = option(None, flags=("--config-dir", "-cd"), folder=True)
    resolve: bool = option(False, flags=("--resolve",))  # Hydra's word: --cfg job always does


def run(words: list[str]) -> int:
    """Train, sweep or show the config, as the words say; return the exit code."""
    options = read(words, Options, "train", rest="overrides")
    if options.multirun:
        from ganctl.commands import sweep

        return sweep.run(options)
    from ganctl.config.compose import compose
    from ganctl.config.run_name import run_name

    if not options.overrides and not options.cfg:
        options.overrides = [FIRST]
    options.overrides = inherited(options.overrides)
    composition = compose(options.overrides, options.config_dir)
    if options.cfg:
        import yaml

        print(yaml.safe_dump(composition.plain(), sort_keys=False), end="")
        return 0
    from ganctl.training import session

    name = run_name(composition, options.config_dir)
    return session.begin(composition, name, dry_run=options.dry_run)


def inherited(words: list[str]) -> list[str]:
    """Return the words of a command with those of the run before them that it starts from (`from=RUN`).

    A word that is typed takes the place of that run's; `dataset=` that of all that its data were told, and
    `model=` that of all its words. Where and how long it was trained is never meant.
    """
    given = {key_of(word): word.partition("=")[2] for word in words}
    name = given.get("from", "null").strip("'\"")
    if name == "null" or {"model", "experiment"} & given.keys():
        return words
    from ganctl.run.folder import find

    known = noted(find(name, Path(given.get("outputs", "outputs"))).record())
    if not known:
        return words
    apart = {*given, "name", "outputs", "from", "keep_optimizer", "trainer.steps", "trainer.epochs"}
    kept = [
        word
        for word in known.words
        if key_of(word) not in apart
        and not key_of(word).startswith("freeze.")
        and not ("dataset" in given and key_of(word).startswith("dataset."))
    ]
    return [*kept, *words]
