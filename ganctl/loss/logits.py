"""What losses of unbounded logits share."""

from ganctl.error import UsageError
from ganctl.game.part import Loss


class OfLogits(Loss):
    """What is a function of unbounded logits alone, and refuses a network that ends in probabilities.

    Args:
        from_logits: whether the discriminator ends in logits.

    Raises:
        UsageError: when it does not.
    """

    def __init__(self, from_logits: bool = True) -> None:
        if not from_logits:
            raise UsageError(
                f"loss {type(self).__name__}: expected a discriminator that ends in logits, got one that "
                "ends in probabilities; type network.logits=true."
            )
