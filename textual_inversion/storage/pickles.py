"""Check the opcodes of a torch file's pickle before torch executes any of them.

`weights_only` keeps code from running, but not a small file from asking for millions of objects, a
length that no memory has, or tuples nested until the stack is gone. So the opcodes are read first,
by pickletools, which builds nothing; what no writer of tensors writes is refused.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Opcode = tuple[str, Any, int, int]  # its name and argument, and where it starts and ends

_ZIP = b"PK\x03\x04"  # by which torch, too, tells its two forms apart
_MAGIC = 0x1950A86A20F9469CFC6C
_MAX_RECORDS = 20_000
_MAX_SHARED = 12  # each reuse of a container can double what it takes to print or to hash
_PUTS = {"BINPUT", "LONG_BINPUT"}
_GETS = {"BINGET", "LONG_BINGET"}
_TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
_CONTAINERS = _TUPLES | {"EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET", "REDUCE", "NEWOBJ"}
_WHOLE_NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1"}
_TENSORS = re.compile(
    r"torch\._utils _rebuild_(tensor|tensor_v2|tensor_v3|parameter|parameter_with_state"
    r"|sparse_tensor|meta_tensor_no_storage)"
    r"|torch(\.cuda|\.storage)? [A-Za-z0-9]*Storage"
    r"|torch (Size|device|float8_\w+|bfloat16|float16|float32|float64|u?int\d+|bool)"
    r"|torch\.serialization _get_layout"
    r"|collections OrderedDict|(builtins|__builtin__) set|_codecs encode"
    r"|torch\.nn\.parameter Parameter|torch\.nn\.modules\.container ParameterDict"
    r"|numpy(\._?core)?(\.multiarray)? (scalar|dtype)"
)


class OverLimitError(pickle.UnpicklingError):
    """The pickle exceeds the limits for a file of its size."""


class CodeError(pickle.UnpicklingError):
    """The pickle calls something other than the constructors of tensors and plain values."""


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one pickle."""

    pickle_bytes: int
    opcodes: int
    tuples: int  # some 150,000 within each other overrun the stack when hashed
    unpacked_bytes: int


EMBEDDING = Limits(2**20, 50_000, 20_000, 2**25)
CHECKPOINT = Limits(2**24, 500_000, 60_000, 2**36)


def checked_file(data: bytes, limits: Limits = EMBEDDING) -> bytes:
    """Return what torch may load in place of `data`, the whole of a torch file.

    It is the same but for the class of an early file's ParameterDict, which torch's legacy form
    stores with its source code and `weights_only` does not take so.

    Raises:
        UnpicklingError: It exceeds the limits, calls code, or is damaged.
    """
    if data.startswith(_ZIP):
        check_zip(io.BytesIO(data), limits)
        return data
    return _checked_legacy(data, limits)


def check_zip(file: io.BytesIO | str, limits: Limits) -> None:
    """Check a torch file in zip form: the unpacked size of its records, then its pickle.

    Sizes are read with Python's zipfile, since torch's reader unpacks some records at once.
    """
    import torch

    if isinstance(file, io.BytesIO) and file.getvalue().count(b"PK\x01\x02") > _MAX_RECORDS:
        raise OverLimitError("too many records")
    with zipfile.ZipFile(file) as archive:
        sizes = {record.filename: record.file_size for record in archive.infolist()}
        total = sum(record.file_size for record in archive.infolist())
    pickled_size = max((sizes[name] for name in sizes if name.endswith("data.pkl")), default=0)
    if len(sizes) > _MAX_RECORDS or total > limits.unpacked_bytes:
        raise OverLimitError("too many records, or too large")
    if pickled_size > limits.pickle_bytes:
        raise OverLimitError("too long a pickle")
    if isinstance(file, io.BytesIO):
        file.seek(0)
    reader = torch._C.PyTorchFileReader(file)
    if reader.get_record_size("data.pkl") > limits.pickle_bytes:
        raise OverLimitError("too long a pickle")
    pickled = io.BytesIO(reader.get_record("data.pkl"))
    for _ in _checked(pickled, limits, limits.unpacked_bytes):
        pass


def _checked_legacy(data: bytes, limits: Limits) -> bytes:
    """Check the five pickles - magic, protocol, system, contents, keys - before the numbers."""
    file = io.BytesIO(data)
    pieces: list[bytes] = []
    for index in range(5):
        start = file.tell()
        ops = list(_checked(file, limits, len(data)))
        if index == 0 and ops[1][:2] != ("LONG1", _MAGIC):
            raise pickle.UnpicklingError("not written by torch")
        pieces += _without_source(data, ops) if index == 3 else [data[start : file.tell()]]
    return b"".join((*pieces, data[file.tell() :]))


def _checked(file: io.BytesIO, limits: Limits, max_number: int) -> Iterator[Opcode]:
    """Read one pickle up to its end; raise at the first opcode that is out of bounds."""
    checker = _OpcodeChecker(limits, max_number)
    for op in _opcodes(file, limits):
        checker.check(*op[:2])
        yield op


def _opcodes(file: io.BytesIO, limits: Limits) -> Iterator[Opcode]:
    start = file.tell()
    pending: tuple[str, Any, int] | None = None
    for count, (op, argument, position) in enumerate(pickletools.genops(file)):
        if pending is not None:
            yield (*pending, position or 0)
        if count >= limits.opcodes or (position or 0) - start > limits.pickle_bytes:
            raise OverLimitError("too many opcodes")
        pending = op.name, argument, position or 0
    if pending is not None:
        yield (*pending, file.tell())


@dataclass
class _OpcodeChecker:
    """Counts and checks the opcodes of one pickle, in order."""

    limits: Limits
    max_number: int
    tuples: int = 0
    shared: int = 0
    _recent: list[tuple[str, Any]] = field(default_factory=list)
    _containers: set[object] = field(default_factory=set)

    def check(self, name: str, argument: Any) -> None:
        """Check the next opcode."""
        if name in _PUTS:
            self._remember(argument)
            return
        if name == "GLOBAL":
            _check_global(str(argument))
        elif name == "BINPERSID":
            self._check_storage()
        elif name in _TUPLES:
            self.tuples += 1
        elif name in _GETS:
            self.shared += argument in self._containers
        if self.tuples > self.limits.tuples or self.shared > _MAX_SHARED:
            raise OverLimitError("too much nested")
        self._recent = [*self._recent[-2:], (name, argument)]

    def _remember(self, slot: object) -> None:
        last = self._recent[-1][0] if self._recent else ""
        if last in _CONTAINERS:
            self._containers.add(slot)
        else:
            self._containers.discard(slot)

    def _check_storage(self) -> None:
        """Check the length at the end of a storage's id, which torch allocates before it reads."""
        names = [name for name, _ in self._recent]
        if names == ["BINUNICODE", "BINUNICODE", "TUPLE"]:
            return  # a class with its file and source, of which torch takes none
        start = -3 if names[-2:] == ["NONE", "TUPLE"] else -2
        number = self._recent[start][1] if len(names) >= -start else None
        is_number = names[start:][0] in _WHOLE_NUMBERS and names[-1] == "TUPLE"
        if is_number and isinstance(number, int) and 0 <= number <= self.max_number:
            return
        raise OverLimitError("a length beyond the file")


def _check_global(name: str) -> None:
    if not _TENSORS.fullmatch(name):
        raise CodeError(f"asks for {name[:80]}")


def _without_source(data: bytes, ops: list[Opcode]) -> Iterator[bytes]:
    """Yield the pickle with ("module", class, file, source) replaced by the class alone."""
    done = ops[0][2]
    for index, (name, _, _, end) in enumerate(ops):
        first = _start_of_module(ops, index) if name == "BINPERSID" else None
        if first is None:
            continue
        yield data[done : ops[first][2]]
        for inner in range(first, index):
            if ops[inner][0] in _GETS | {"GLOBAL"}:
                put = ops[inner + 1]
                last = put[3] if put[0] in _PUTS else ops[inner][3]
                yield data[ops[inner][2] : last]
        done = end
    yield data[done : ops[-1][3]]


def _start_of_module(ops: list[Opcode], index: int) -> int | None:
    for first in range(index, max(-1, index - 12), -1):
        if ops[first][0] == "MARK":
            return first if ops[first + 1][:2] == ("BINUNICODE", "module") else None
    return None
