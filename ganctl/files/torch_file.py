"""PyTorch's weights files read as data: dicts of tensors, in both containers, and nothing else at all.

Such a file is a pickle, a program for a small machine that may import and call anything. Here that machine is
built anew from the few instructions that tensors in dicts need: it imports nothing, calls nothing, and knows
no name but those in GLOBALS. The tensors' numbers lie outside the program, and come as they are.
"""

import io
import math
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from ganctl.error import RunError, in_short, printable

MAGIC = 0x1950A86A20F9469CFC6C  # the first thing in the older container
PROTOCOL = 1001
LONGEST = 1 << 24  # bytes of a program; that of the Inception network has 60,000
DICT, TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
STORAGES = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
}
GLOBALS = {DICT, TENSOR, *STORAGES}
PUSHED = {
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "BINFLOAT",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "SHORT_BINSTRING",
}
MADE: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

# What reading a damaged or hostile file runs into: an unknown key, a list where a number belongs, encryption.
BROKEN = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, OSError, EOFError),
    *(struct.error, zipfile.BadZipFile),
)


class Refused(ValueError):
    """The file holds something else than tensors in dicts."""


@dataclass(frozen=True)
class Name:
    """A name that a program mentions, and that stays a name."""

    text: str


@dataclass
class Storage:
    """Numbers, in a row, that tensors are views of."""

    key: str
    kind: str
    count: int
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def fill(self, content: bytes) -> None:
        if len(content) != self.count * np.dtype(self.kind).itemsize:
            raise Refused(f"storage {self.key} has {len(content)} bytes")
        self.values = np.frombuffer(content, self.kind)


@dataclass(frozen=True)
class View:
    """A tensor: where it lies in its storage."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Return its numbers, copied; never one beyond its storage."""
        whole = (self.start, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or not all(type(each) is int and each >= 0 for each in whole):
            raise Refused("a tensor has no shape")
        count, values = math.prod(self.shape), self.storage.values
        steps = zip(self.shape, self.strides, strict=True)
        last = self.start + sum((size - 1) * stride for size, stride in steps)
        if count and max(count - 1, last) >= len(values):
            raise Refused("a tensor reaches beyond its storage")
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.start :], self.shape, strides).copy()


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file that `torch.save` wrote of a dict of tensors, by name.

    Raises:
        RunError: for a file that holds anything else, is damaged, or has numbers that NumPy does not know.
    """
    try:
        with path.open("rb") as stream:
            found = _zipped(stream) if stream.read(2) == b"PK" else _plain(stream)
        return {name: view.array() for name, view in found.items()}
    except BROKEN as error:
        raise RunError(
            f"{path}: expected tensors in a dict, written by torch.save, and nothing else in the file "
            f"({printable(in_short(error))}); type extractor.path= and the published file."
        ) from error


def _zipped(stream: IO[bytes]) -> dict[str, View]:
    """Read the newer container: data.pkl and one stored record a storage, in a folder of any name."""
    with zipfile.ZipFile(stream) as archive:
        names = {record.split("/", 1)[-1]: archive.getinfo(record) for record in archive.namelist()}
        if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
            raise Refused("its numbers are big-endian")
        if any(record.compress_type != zipfile.ZIP_STORED for record in names.values()):
            raise Refused("its records are compressed")
        storages: dict[str, Storage] = {}
        with archive.open(names["data.pkl"]) as program:
            found = _tensors(io.BytesIO(program.read(LONGEST)), storages)
        for key, storage in storages.items():
            storage.fill(archive.read(names[f"data/{key}"]))
        return found


def _plain(stream: IO[bytes]) -> dict[str, View]:
    """Read the older container: five programs, then the storages, each after its count."""
    stream.seek(0)
    storages: dict[str, Storage] = {}
    magic, protocol, system = (_Machine(stream, {}).run() for _ in range(3))
    if magic != MAGIC or protocol != PROTOCOL or not isinstance(system, Mapping):
        raise Refused("it does not begin as such files do")
    if system.get("little_endian") is not True:
        raise Refused("its numbers are big-endian")
    found = _tensors(stream, storages)
    for key in _Machine(stream, {}).run():
        (count,) = struct.unpack("<q", stream.read(8))
        if type(key) is not str or key not in storages or count != storages[key].count:
            raise Refused(f"it has {count} numbers that it does not speak of")
        storage = storages[key]
        storage.fill(stream.read(count * np.dtype(storage.kind).itemsize))
    return found


def _tensors(stream: IO[bytes], storages: dict[str, Storage]) -> dict[str, View]:
    """Run the program that makes the dict, and note the storages that it speaks of."""
    found = _Machine(stream, storages).run()
    if not isinstance(found, dict) or not all(isinstance(each, View) for each in found.values()):
        raise Refused("it is no dict of tensors")
    return found


class _Machine:
    """Runs one program, up to its STOP, on a stack; it makes plain values, Names, Storages and Views."""

    def __init__(self, stream: IO[bytes], storages: dict[str, Storage]) -> None:
        self.stream, self.storages = stream, storages
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for instruction, value, _ in pickletools.genops(self.stream):
            word = instruction.name
            if word == "STOP":
                return self.stack.pop()
            if word in PUSHED:
                self.stack.append(value)
            elif word in MADE:
                self.stack.append(MADE[word]())
            elif word in TUPLES:
                self.stack.append(tuple(self._last(TUPLES[word])))
            elif word not in ("PROTO", "FRAME"):
                self._act(word, value)
        raise Refused("its program does not end")

    def _act(self, word: str, value: Any) -> None:
        if word == "MARK":
            self.marks.append(len(self.stack))
        elif word == "TUPLE":
            self.stack.append(tuple(self._marked()))
        elif word in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self.memo[len(self.memo) if value is None else value] = self.stack[-1]
        elif word in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[value])
        elif word in ("APPEND", "APPENDS"):
            self._fill(list, self._last(1) if word == "APPEND" else self._marked())
        elif word in ("SETITEM", "SETITEMS"):
            self._fill(dict, self._last(2) if word == "SETITEM" else self._marked())
        elif word == "GLOBAL":
            self.stack.append(_known(value))
        elif word == "STACK_GLOBAL":
            self.stack.append(_known(" ".join(self._last(2))))
        elif word == "BINPERSID":
            self.stack.append(self._storage(*self.stack.pop()))
        elif word == "REDUCE":
            self.stack.append(_made(*self._last(2)))
        elif word == "BUILD":  # what torch notes beside an OrderedDict; nobody needs it
            self._last(1)
            self._fill(dict, [])
        else:
            raise Refused(f"it uses the instruction {word}")

    def _last(self, count: int) -> list[Any]:
        """Take the last values off the stack."""
        if count > len(self.stack):
            raise Refused("its program takes what is not there")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def _marked(self) -> list[Any]:
        return self._last(len(self.stack) - self.marks.pop())

    def _fill(self, kind: type[list] | type[dict], values: list[Any]) -> None:
        """Add values to the list, or names and values to the dict, that lies on the stack."""
        target = self.stack[-1]
        if type(target) is not kind:
            raise Refused(f"it changes something that is no {kind.__name__}")
        if isinstance(target, dict):
            if not all(type(name) is str for name in values[::2]):
                raise Refused("it names something by no word")
            target.update(zip(values[::2], values[1::2], strict=True))
        else:
            target.extend(values)

    def _storage(
        self, word: str, kind: Name, key: str, _place: str, count: int, view: None = None
    ) -> Storage:
        """Return what a reference to numbers outside the program stands for."""
        if word != "storage" or kind.text not in STORAGES or type(key) is not str or view is not None:
            raise Refused("it refers to something else than numbers")
        if type(count) is not int or count < 0:
            raise Refused(f"storage {key} has no size")
        storage = self.storages.setdefault(key, Storage(key, STORAGES[kind.text], count))
        if (storage.kind, storage.count) != (STORAGES[kind.text], count):
            raise Refused(f"storage {key} is two things")
        return storage


def _known(name: str) -> Name:
    if name not in GLOBALS:
        raise Refused(f"it names {'.'.join(name.split())[:80]}")
    return Name(name)


def _made(name: Name, arguments: tuple) -> Any:
    """Return what a call of one of two names would: an empty dict, or a tensor."""
    if name == Name(DICT) and arguments == ():
        return {}
    if name != Name(TENSOR):
        raise Refused("it calls something")
    storage, start, shape, strides, *_ = arguments
    if not isinstance(storage, Storage):
        raise Refused("a tensor has no numbers")
    return View(storage, start, tuple(shape), tuple(strides))
