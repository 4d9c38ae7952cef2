"""The network of the Fréchet Inception Distance on a page: its layers, and their names in published files.

Szegedy et al. (2015, arXiv:1512.00567) describe Inception v3; this is the one of TensorFlow's graph of
2015-12-05, which Heusel et al. (2017, arXiv:1706.08500) took for their distance, and most published numbers
are of. Unlike the paper's it has 1,008 classes, and in its last block a maximum where the paper has an
average; unlike PyTorch's its averages leave the padding out; unlike Keras's its normalizations have a scale.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

SIDE = 299  # pixels of the pictures that it reads
FEATURES = 2048  # averages of its last block, "pool3"
CLASSES = 1008
EPSILON = 1e-3  # of every batch normalization

# A step is "HEIGHTxWIDTH CHANNELS": a convolution without bias, then batch normalization, then ReLU; or a
# pooling over 3x3, "average" (of what lies inside the picture) or "maximum". The stride is 1 and the size
# kept, but for "valid", which does not pad, and "/2", a stride of 2. A comma stands between steps of one
# branch, and a plus between two that read the same and are joined.
STEM = {
    "Conv2d_1a_3x3": "3x3 32 valid /2",
    "Conv2d_2a_3x3": "3x3 32 valid",
    "Conv2d_2b_3x3": "3x3 64",
    "MaxPool_1": "maximum valid /2",
    "Conv2d_3b_1x1": "1x1 80",
    "Conv2d_4a_3x3": "3x3 192 valid",
    "MaxPool_2": "maximum valid /2",
}
A = {
    "branch1x1": "1x1 64",
    "branch5x5": "1x1 48, 5x5 64",
    "branch3x3dbl": "1x1 64, 3x3 96, 3x3 96",
    "branch_pool": "average, 1x1 {}",
}
B = {
    "branch3x3": "3x3 384 valid /2",
    "branch3x3dbl": "1x1 64, 3x3 96, 3x3 96 valid /2",
    "branch_pool": "maximum valid /2",
}
C = {
    "branch1x1": "1x1 192",
    "branch7x7": "1x1 {0}, 1x7 {0}, 7x1 192",
    "branch7x7dbl": "1x1 {0}, 7x1 {0}, 1x7 {0}, 7x1 {0}, 1x7 192",
    "branch_pool": "average, 1x1 192",
}
D = {
    "branch3x3": "1x1 192, 3x3 320 valid /2",
    "branch7x7x3": "1x1 192, 1x7 192, 7x1 192, 3x3 192 valid /2",
    "branch_pool": "maximum valid /2",
}
E = {
    "branch1x1": "1x1 320",
    "branch3x3": "1x1 384, 1x3 384 + 3x1 384",
    "branch3x3dbl": "1x1 448, 3x3 384, 1x3 384 + 3x1 384",
    "branch_pool": "{}, 1x1 192",
}
# Every block joins its branches in this order; what it is given fills the braces.
BLOCKS: dict[str, tuple[dict[str, str], int | str]] = {
    "Mixed_5b": (A, 32),
    "Mixed_5c": (A, 64),
    "Mixed_5d": (A, 64),
    "Mixed_6a": (B, ""),
    "Mixed_6b": (C, 128),
    "Mixed_6c": (C, 160),
    "Mixed_6d": (C, 160),
    "Mixed_6e": (C, 192),
    "Mixed_7a": (D, ""),
    "Mixed_7b": (E, "average"),
    "Mixed_7c": (E, "maximum"),
}


@dataclass(frozen=True)
class Step:
    """A convolution with what follows it, or a pooling, and its names."""

    torch: str  # in the PyTorch file: Mixed_5b.branch5x5_1
    tensorflow: str  # in the TensorFlow file: mixed/tower/conv
    kernel: tuple[int, int] = (3, 3)
    channels: int = 0  # 0 for a pooling
    pooling: str = ""  # "average", "maximum", or "" for a convolution
    stride: int = 1
    padding: str = "same"

    @property
    def name(self) -> str:
        """What Keras calls it."""
        return self.torch.replace(".", "_")


Branch = list[tuple[Step, ...]]  # steps one after the other; two in one place read the same


def stem() -> list[Step]:
    """Return the steps before the first block."""
    unique = _numbered()
    return [_step(text, name, unique(_kind(text))) for name, text in STEM.items()]


def blocks() -> dict[str, list[Branch]]:
    """Return the branches of each block, in order."""
    unique, found = _numbered(), {}
    for block, (branches, given) in BLOCKS.items():
        place, inside = unique("mixed"), _numbered()
        found[block] = [
            _branch(f"{block}.{branch}", place, text.format(given).split(", "), inside)
            for branch, text in branches.items()
        ]
    return found


def convolutions() -> list[Step]:
    """Return all 94 convolutions."""
    inside = [
        step for branches in blocks().values() for branch in branches for pair in branch for step in pair
    ]
    return [step for step in (*stem(), *inside) if step.channels]


def _branch(name: str, block: str, texts: list[str], inside: Callable[[str], str]) -> Branch:
    """Return the steps of a branch."""
    branch: Branch = []
    kinds, place, number = [_kind(text) for text in texts], block, 0
    if len(texts) > 1:  # what TensorFlow's file calls a tower, and numbers from the start
        place, inside = f"{block}/{inside('tower')}", _numbered()
    for text, kind in zip(texts, kinds, strict=True):
        if kind == "pool":
            branch.append((_step(text, f"{name}_pool", f"{place}/{inside(kind)}"),))
            continue
        number += 1
        own = f"{name}_{number}" if kinds.count("conv") > 1 else name
        if " + " in text:
            branch.append(_fork(own, f"{place}/{inside('mixed')}", text.split(" + ")))
        else:
            branch.append((_step(text, own, f"{place}/{inside(kind)}"),))
    return branch


def _fork(name: str, place: str, texts: list[str]) -> tuple[Step, ...]:
    """Return the two steps that read the same."""
    inside = _numbered()
    return tuple(
        _step(text, name + letter, f"{place}/{inside(_kind(text))}")
        for text, letter in zip(texts, "ab", strict=True)
    )


def _step(text: str, torch: str, tensorflow: str) -> Step:
    words = text.split()
    stride, padding = 2 if "/2" in words else 1, "valid" if "valid" in words else "same"
    if _kind(text) == "pool":
        return Step(torch, tensorflow, pooling=words[0], stride=stride, padding=padding)
    height, width = map(int, words[0].split("x"))
    return Step(torch, tensorflow, (height, width), int(words[1]), stride=stride, padding=padding)


def _kind(text: str) -> str:
    """Return what TensorFlow calls it."""
    return "pool" if text.startswith(("average", "maximum")) else "conv"


def _numbered() -> Callable[[str], str]:
    """Return a namer as TensorFlow's name scopes are: conv, conv_1, conv_2 ..."""
    seen: Counter[str] = Counter()

    def name(word: str) -> str:
        seen[word] += 1
        return word if seen[word] == 1 else f"{word}_{seen[word] - 1}"

    return name
