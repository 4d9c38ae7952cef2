"""The config groups as people know them: what each is for, and which one a word means."""

from pathlib import Path

from ganctl.config.choices import groups
from ganctl.error import UsageError, suggest

PURPOSES = {  # at most 40 letters, for a terminal of 80
    "augment": "what is done to images for the critic",
    "average": "whether averaged weights draw samples",
    "dataset": "the real images",
    "evaluation": "of how many samples, against what",
    "experiment": "a tuned recipe: all the others at once",
    "extractor": "what metrics read images with",
    "loss": "what the players minimise",
    "metric": "how good the samples are",
    "minibatch": "whether the critic compares images",
    "model": "a published recipe: game, networks, loss",
    "network": "the players' architectures",
    "optimizer": "how weights follow gradients, by player",
    "penalty": "what keeps the critic smooth",
    "norm": "how a player's layers are normalized",
    "remedy": "what else keeps a game from collapse",
    "schedule": "how the learning rate falls, by player",
    "trainer": "steps, turns, intervals, precision",
}


def find(word: str, config_dir: Path | None = None) -> str:
    """Return the group that a word means: its name, its plural, or the beginning of either.

    Raises:
        UsageError: when it means none, or several.
    """
    word = word.rstrip("=/").lower()
    known = groups(config_dir)
    exact = [group for group in known if word in _forms(group)]
    begun = [group for group in known if any(form.startswith(word) for form in _forms(group))]
    found = exact or begun
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"Expected one group, got '{word}', which may be {' or '.join(found)}.")
    hint = suggest(word, known) or f" There are {', '.join(known)}."
    raise UsageError(f"There is no group '{word}'.{hint}")


def _forms(group: str) -> list[str]:
    return [group, f"{group}s", f"{group}es", f"{group[:-1]}ies"]
