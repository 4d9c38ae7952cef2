"""PyTorch's files are read as data: what torch wrote comes out, and whatever else is in one is refused."""

import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import inception_reference as formula
import numpy as np
import pytest

from ganctl.error import RunError
from ganctl.files.torch_file import read_torch


@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_files_that_torch_wrote_are_read_as_they_are(container):
    found = read_torch(formula.DATA / "torch" / f"{container}.pth")
    for name in ("0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
        shape = (3, 2, 2, 2) if name == "0.weight" else (3,)
        np.testing.assert_array_equal(found.pop(name), formula.weight(name, shape))
    np.testing.assert_array_equal(found.pop("turned"), np.arange(6).reshape(2, 3).T)
    half = found.pop("half")
    assert half.dtype == np.float16 and half.tolist() == [0, 0.5, 1]
    counter = found.pop("1.num_batches_tracked")
    assert counter.shape == () and counter.dtype == np.int64 and not found


class Hostile:
    """Pickles as a call."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def storage(count: int = 4, key: str = "0") -> bytes:
    start = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + key.encode()
    return start + b"X\x03\x00\x00\x00cpuJ" + struct.pack("<i", count) + b"tQ"


def tensor(shape: bytes, stride: bytes, count: int = 4, start: bytes = b"K\x00") -> bytes:
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(count) + start + shape + stride
    return b"\x80\x02}X\x01\x00\x00\x00a" + made + b"\x89)tRs."


MARKER = "ganctl-was-here"
BAD_PROGRAMS = {
    "system": (
        pickle.dumps({"a": Hostile(os.system, (f"touch {MARKER}",))}, 2),
        "names posix.system",
    ),
    "stack": (pickle.dumps({"a": Hostile(eval, ("1",))}, 4), "names builtins.eval"),
    "getattr": (b"\x80\x02cbuiltins\ngetattr\n.", "names builtins.getattr"),
    "object": (pickle.dumps(OrderedDict(a=Path("x")), 2), "names pathlib"),
    "instance": (b"\x80\x02(iposix\nsystem\n.", "instruction INST"),
    "extension": (b"\x80\x02\x82\x01.", "instruction EXT1"),
    "new": (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "instruction NEWOBJ"),
    "call": (b"\x80\x02ctorch\nFloatStorage\n)R.", "calls something"),
    "state": (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.", "something that is no dict"),
    "stack_empty": (b"\x80\x02R.", "takes what is not there"),
    "no_end": (b"\x80\x02}", ""),
    "no_tensor": (pickle.dumps({"a": 1}, 2), "no dict of tensors"),
    "no_dict": (pickle.dumps([1], 2), "no dict of tensors"),
    "beyond": (tensor(b"K\x05\x85", b"K\x01\x85"), "beyond its storage"),
    "beyond_by_stride": (tensor(b"K\x02\x85", b"K\x04\x85"), "beyond its storage"),
    "beyond_by_start": (tensor(b"K\x02\x85", b"K\x01\x85", start=b"K\x03"), "beyond its storage"),
    "before": (tensor(b"K\x02\x85", b"J\xff\xff\xff\xff\x85"), "no shape"),
    "expanded": (tensor(b"J\xff\xff\xff\x7f\x85", b"K\x00\x85"), "beyond its storage"),
    "no_word": (pickle.dumps({(1, 2): 3}, 2), "by no word"),
    "overflow": (tensor(b"K\x01\x85", b"\x8a\x10" + bytes(15) + b"\x01\x85"), ""),
    "short": (tensor(b"K\x02\x85", b"K\x01\x85", count=5), "storage 0 has 16 bytes"),
}


@pytest.mark.parametrize("bad", BAD_PROGRAMS)
def test_a_file_that_holds_more_than_tensors_is_refused_and_runs_nothing(bad, tmp_path, monkeypatch):
    program, words = BAD_PROGRAMS[bad]
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("new.pth", "w") as archive:
        archive.writestr("x/data.pkl", program)
        archive.writestr("x/data/0", bytes(16))
    start = b"".join(
        pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    )
    numbers = struct.pack("<q", 4) + bytes(16)
    Path("old.pth").write_bytes(start + program + pickle.dumps(["0"], 2) + numbers)
    for path in ("new.pth", "old.pth"):
        with pytest.raises(RunError, match=rf"{path}: expected tensors in a dict") as refusal:
            read_torch(Path(path))
        assert words in str(refusal.value) or (bad, path) == ("short", "old.pth")
        assert "\n" not in str(refusal.value)
    assert not Path(MARKER).exists()


def test_a_damaged_or_foreign_file_is_refused(tmp_path):
    whole = (formula.DATA / "torch" / "legacy.pth").read_bytes()
    path = tmp_path / "x.pth"
    for damaged in (
        whole[:-3],
        whole[:200],
        b"",
        b"PK\x03\x04",
        whole.replace(b"little_endian", b"little_indian"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match=r"x.pth: expected tensors in a dict, written by torch.save"):
            read_torch(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", tensor(b"K\x02\x85", b"K\x01\x85"))
        archive.writestr("x/data/0", bytes(16))
        archive.writestr("x/byteorder", "big")
    with pytest.raises(RunError, match="big-endian"):
        read_torch(path)
