"""Read the plain pickles of torch files without pickle or torch: values and tensors' outlines.

No class is looked up and no function called, so nothing in a file can run. Only what torch writes
for dicts, lists, texts, numbers and tensors is understood; a file with anything else is told apart
by `UnusualError`, for torch itself to read. Quick: some 0.1 ms a file.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_MOST_OPCODES = 1000
_REBUILD = "torch._utils _rebuild_tensor_v2"
_PARAMETER = "torch._utils _rebuild_parameter"
_ORDERED = "collections OrderedDict"


class UnusualError(ValueError):
    """The pickle holds something else."""


@dataclass(frozen=True)
class Global:
    """The name of a class or function, which is not looked up."""

    name: str


@dataclass(frozen=True)
class Storage:
    """Where a tensor's numbers are: `kind` such as FloatStorage, and their number."""

    kind: str
    key: str
    size: int


@dataclass(frozen=True)
class Outline:
    """A contiguous tensor without its numbers, which begin at `offset` of the storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]


@dataclass
class _Machine:
    """Reads one pickle; `storages` are those that it names, in that order."""

    data: bytes
    at: int
    storages: dict[str, Storage]
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def number(self, size: int, *, signed: bool = False) -> int:
        """Read a whole number of so many bytes."""
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise UnusualError
        return int.from_bytes(self.data[start : self.at], "little", signed=signed)

    def byte(self) -> int:
        """Read a whole number of one byte."""
        self.at += 1
        return self.data[self.at - 1]

    def text(self, size: int) -> str:
        """Read a text of so many bytes."""
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise UnusualError
        return self.data[start : self.at].decode()

    def line(self) -> str:
        """Read a text up to the end of its line."""
        end = self.data.index(b"\n", self.at)
        start, self.at = self.at, end + 1
        return self.data[start:end].decode()

    def since_mark(self) -> list[Any]:
        """Take what was pushed since the last mark."""
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items


def read(data: bytes, at: int, storages: dict[str, Storage]) -> tuple[Any, int]:
    """Read the pickle at a place of a file; return its value, and where it ends.

    Args:
        data: The file.
        at: Where the pickle begins.
        storages: Takes the storages that it names, in that order.

    Raises:
        UnusualError: It holds something else than plain values and tensors, or is damaged.
    """
    machine = _Machine(data, at, storages)
    memo, stack = machine.memo, machine.stack
    try:
        for _ in range(_MOST_OPCODES):
            code = data[machine.at]
            machine.at += 1
            if code == _PUT:  # these two are half of all
                memo[data[machine.at]] = stack[-1]
                machine.at += 1
            elif code == _TEXT:
                stack.append(machine.text(machine.number(4)))
            elif code == _STOP:
                return stack.pop(), machine.at
            else:
                _CODES[code](machine)
    except (LookupError, ValueError, TypeError, AttributeError, struct.error) as error:
        raise UnusualError from error
    raise UnusualError


def _push(value: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value(machine))


def _set_items(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    keys = items[::2]
    if not isinstance(target, dict) or set(map(type, keys)) - {str}:
        raise UnusualError
    target.update(zip(keys, items[1::2], strict=True))


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _set_items(machine, [key, value])


def _append(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise UnusualError
    target.extend(items)


def _tuple(size: int) -> Callable[[_Machine], None]:
    def make(machine: _Machine) -> None:
        items = tuple(machine.stack[-size:])
        if len(items) < size:
            raise UnusualError
        del machine.stack[-size:]
        machine.stack.append(items)

    return make


def _storage(machine: _Machine) -> Storage:
    word, kind, key, _, size, *_ = machine.stack.pop()
    if word != "storage" or not isinstance(key, str) or type(size) is not int or size < 0:
        raise UnusualError
    if not isinstance(kind, Global) or not kind.name.startswith("torch "):
        raise UnusualError
    found = Storage(kind.name.removeprefix("torch "), key, size)
    if machine.storages.setdefault(key, found) != found:
        raise UnusualError
    return found


def _call(machine: _Machine) -> Any:
    """Understand a call of the three functions that tensors and their dicts are made with."""
    arguments, function = machine.stack.pop(), machine.stack.pop()
    match function, arguments:
        case Global(name=name), () if name == _ORDERED:
            return {}
        case Global(name=name), (Outline() as outline, *_) if name == _PARAMETER:
            return outline
        case Global(name=name), (Storage() as storage, offset, shape, strides, _, _) if (
            name == _REBUILD
        ):
            return _outline(storage, offset, shape, strides)
        case _:
            raise UnusualError


def _outline(storage: Storage, offset: Any, shape: Any, strides: Any) -> Outline:
    numbers = [offset, *shape, *strides]
    if not 1 <= len(shape) <= 2 or any(type(n) is not int or n < 0 for n in numbers):
        raise UnusualError
    contiguous = (shape[-1], 1) if len(shape) == 2 else (1,)
    rows = shape[0] if len(shape) == 2 else 1
    if strides != contiguous or offset + rows * shape[-1] > storage.size:
        raise UnusualError
    return Outline(storage, offset, shape)


_STOP = pickle.STOP[0]
_PUT = pickle.BINPUT[0]
_TEXT = pickle.BINUNICODE[0]
_CODES: dict[int, Callable[[_Machine], None]] = {
    code[0]: act
    for code, act in (
        (pickle.PROTO, lambda machine: machine.byte()),
        (pickle.EMPTY_DICT, _push(lambda _: {})),
        (pickle.EMPTY_LIST, _push(lambda _: [])),
        (pickle.EMPTY_TUPLE, _push(lambda _: ())),
        (pickle.NONE, _push(lambda _: None)),
        (pickle.NEWTRUE, _push(lambda _: True)),
        (pickle.NEWFALSE, _push(lambda _: False)),
        (pickle.BININT1, _push(_Machine.byte)),
        (pickle.BININT2, _push(lambda machine: machine.number(2))),
        (pickle.BININT, _push(lambda machine: machine.number(4, signed=True))),
        (pickle.GLOBAL, _push(lambda machine: Global(f"{machine.line()} {machine.line()}"))),
        (pickle.MARK, lambda machine: machine.marks.append(len(machine.stack))),
        (pickle.BINGET, _push(lambda machine: machine.memo[machine.byte()])),
        (pickle.TUPLE, _push(lambda machine: tuple(machine.since_mark()))),
        (pickle.TUPLE1, _tuple(1)),
        (pickle.TUPLE2, _tuple(2)),
        (pickle.TUPLE3, _tuple(3)),
        (pickle.SETITEM, _set_item),
        (pickle.SETITEMS, lambda machine: _set_items(machine, machine.since_mark())),
        (pickle.APPEND, lambda machine: _append(machine, [machine.stack.pop()])),
        (pickle.APPENDS, lambda machine: _append(machine, machine.since_mark())),
        (pickle.BINPERSID, _push(_storage)),
        (pickle.REDUCE, _push(_call)),
    )
}
