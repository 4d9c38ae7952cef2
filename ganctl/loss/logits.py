"""What losses of unbounded logits share."""

from ganctl.error import UsageError


class OfLogits:
    """What is a function of unbounded logits alone, and refuses a network that ends in probabilities.

    Args:
        from_logits: whether the discriminator ends in logits.

    Raises:
        UsageError: when it does not.
    """

    relative = False
    boundary = 0.0

    def __init__(self, from_logits: bool = True) -> None:
        if not from_logits:
            raise UsageError(
                f"loss {type(self).__name__}: expected a discriminator that ends in logits, got one that "
                "ends in probabilities; type network.logits=true."
            )
