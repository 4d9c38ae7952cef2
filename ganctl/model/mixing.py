"""What families say of parts that put samples side by side."""

from ganctl.error import UsageError
from ganctl.game.adversary import Adversary


def refuse_mixing(adversary: Adversary, model: str, of_different: str) -> None:
    """Refuse parts that mix samples, each of which this model judges by something of its own.

    Args:
        adversary: with its parts.
        model: the recipe's name.
        of_different: what a mixed image would have several of, "labels".

    Raises:
        UsageError: for such a part.
    """
    for place, part in adversary.parts.items():
        if part.mixes:
            name = place.rpartition("/")[2]
            raise UsageError(
                f"model={model}: {name} would mix images of different {of_different}, and each is judged by "
                f"its own; leave {name} out."
            )
