"""What a run folder, perhaps a stranger's, may build: parts of ganctl and Keras, named in plain data."""

import re
from typing import Any

from hydra.utils import get_object

from ganctl.compose import leaves
from ganctl.device import quiet
from ganctl.error import UsageError

TRUSTED = re.compile(
    r"ganctl\.(average|dataset|loss|model|network|penalty|settings)\.[\w.]+"
    r"|keras\.(optimizers|initializers|regularizers|constraints|layers)\.[\w.]+"
)


def check_trust(config: Any) -> None:
    """Refuse a config that would run or read anything but ganctl's and Keras's own parts.

    Raises:
        UsageError: naming the first foreign `_target_` or interpolation.
    """
    for key, value in leaves(config):
        if key.split(".")[-1] == "_target_" and not _trusted(value):
            raise UsageError(
                f"{key}: this run folder wants to run '{value}', which is not part of ganctl or Keras; "
                "add --trust if you know where the folder comes from."
            )
        if isinstance(value, str) and "${" in value:
            raise UsageError(
                f"{key}: expected plain data in a run folder, got '{value}'; add --trust to allow it."
            )


def _trusted(target: Any) -> bool:
    if not isinstance(target, str) or not TRUSTED.fullmatch(target) or "Lambda" in target:
        return False
    # The name alone proves nothing: ganctl.model.gan.tf.io.gfile.remove is TensorFlow's.
    with quiet():
        try:
            found = get_object(target)
        except Exception:
            return False
    home = getattr(found, "__module__", "") or ""
    return home.split(".")[0] in ("ganctl", "keras") and "_target_" not in home
