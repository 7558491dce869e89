"""The error tree. Every text is one sentence fit to be shown to a user: what, where, what to do.

TextualInversionError
├── SettingsError        a setting, a schedule or a template line is wrong
├── EmbeddingError       an embedding's name, file or shape is wrong
├── ModelError           a base model cannot be found, read or combined with what was asked
├── DatasetError         a folder of pictures cannot be used
├── TrainingError        a run cannot go on
│   └── BusyError        another one must end first
├── StorageError         something could not be written
└── HubError             the Hugging Face Hub cannot be reached, or refuses
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType


def printable(text: str) -> str:
    """Escape control characters and those that reverse a line's direction."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


class TextualInversionError(Exception):
    """Base class of all errors that this program raises on purpose.

    Messages quote file names and file contents, so unprintable characters in them are escaped.
    """

    def __str__(self) -> str:
        """Return the message with unprintable characters escaped."""
        return printable(super().__str__())


class SettingsError(TextualInversionError, ValueError):
    """A setting, a schedule or a template is wrong.

    `mistakes` are pairs of a setting's path, "" where it is about several, and a sentence; empty
    where nothing was validated.
    """

    def __init__(self, message: str, mistakes: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.mistakes = tuple((path, printable(text)) for path, text in mistakes)


class EmbeddingError(TextualInversionError):
    """An embedding's name, file or shape is wrong."""


class ModelError(TextualInversionError):
    """A base model cannot be found, read or combined with what was asked."""


class DatasetError(TextualInversionError):
    """A folder of pictures cannot be used."""


class TrainingError(TextualInversionError):
    """A run cannot go on."""


class BusyError(TrainingError):
    """Another job must end first."""


class StorageError(TextualInversionError):
    """A file or folder could not be written."""


class HubError(TextualInversionError):
    """The Hugging Face Hub cannot be reached, does not have what was asked for, or refuses."""


def exceptions_of(*modules: ModuleType) -> set[type[Exception]]:
    """List the exceptions of libraries whose errors have no base class of their own."""
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    return {kind for kind in kinds if issubclass(kind, Exception) and kind is not Exception}
