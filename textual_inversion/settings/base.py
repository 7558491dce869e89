"""What all settings share: their base class, settings files, and what is wrong with a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from textual_inversion.errors import SettingsError
from textual_inversion.names import strip_brackets
from textual_inversion.settings.markers import Positional

SCHEMA_VERSION = 1
DEFAULT_MODEL = "models/pocket"
PROMPT_TOKENS = 75
"""Tokens of a prompt that one pass of CLIP takes, without its begin and end tokens."""
# What pydantic complains of, in words of our own; the command line and the page show the same.
_OURS = "value_error"
_NOT_GIVEN = {"missing", "string_too_short"}
# By the name of pydantic's error; {…} is what its context holds.
_WORDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "literal_error": "must be one of {expected}",
    "extra_forbidden": "is no setting here; check its name or leave it out",
    "finite_number": "must be a finite number",
}
# By the beginning of that name, for the many ways to be of a wrong type.
_TYPES = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be a text",
    "tuple": "must be a list of names",
}
_OTHERWISE = "must be something else"
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Settings(BaseModel):
    """What all jobs' settings share: frozen, nothing unknown accepted."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _migrate(cls, data: Any) -> object:
        """Accept a settings file of this or an older schema version."""
        if not isinstance(data, dict):
            raise ValueError("settings must be one object of names and values")
        if "schema_version" not in data:
            return data  # pyright: ignore[reportUnknownVariableType]
        fields: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore
        version = fields.pop("schema_version")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise ValueError(
                f"schema_version is {version}, but this program knows up to {SCHEMA_VERSION}; "
                "update the program or remove the line"
            )
        return fields

    @classmethod
    def changed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Leave out what stands at its default, as a form gives it: nobody chose that."""
        fields = cls.model_fields
        return {
            name: value
            for name, value in values.items()
            if name not in fields or value != fields[name].default
        }

    @classmethod
    def merge(cls, stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Put what is given before what a settings file holds."""
        return {**stored, **given}

    def unchosen(self) -> dict[str, Any]:
        """Name the values that stand where nobody chooses; fields that must be given have none."""
        fields = type(self).model_fields
        return {name: info.default for name, info in fields.items() if not info.is_required()}

    def to_json(self) -> str:
        """Write the settings as the text of a settings file."""
        fields: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **self.model_dump(mode="json")}
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def build(cls, *sources: dict[str, Any]) -> Self:
        """Validate merged `sources` (later ones win); SettingsError words every complaint."""
        merged: dict[str, Any] = {}
        for source in sources:
            merged.update(source)
        try:
            return cls.model_validate(merged)
        except ValidationError as error:
            mistakes = [(_name(one), _sentence(one, cls.model_fields)) for one in error.errors()]
            raise SettingsError("; ".join(text for _, text in mistakes), mistakes) from None

    @classmethod
    def mistakes(cls, values: dict[str, Any]) -> dict[str, str]:
        """Say what is wrong with each field, for a form; "" holds what is wrong between fields."""
        try:
            cls.model_validate(values)
        except ValidationError as error:
            return {_name(item): _mistake(item) for item in error.errors()}
        return {}


def read_settings_file(path: Path) -> dict[str, Any]:
    """Read a settings file into a dict that `Settings.build` takes."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"Settings file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"Settings file {path} is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise SettingsError(f"Settings file {path} must hold one JSON object of settings.")
    return {str(key): value for key, value in data.items()}  # pyright: ignore


def _name(item: ErrorDetails) -> str:
    return ".".join(str(part) for part in item["loc"])


def _ours(item: ErrorDetails) -> str:
    return item["msg"].removeprefix("Value error, ")


def _mistake(item: ErrorDetails) -> str:
    """Word one mistake for a place beside its field, which need not be named."""
    if item["type"] == _OURS:
        return _ours(item)
    return "is empty" if item["type"] in _NOT_GIVEN or item["input"] in {None, ""} else _rule(item)


def _sentence(item: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    name = _name(item)
    if item["type"] == _OURS:
        return f"{name}: {_ours(item)}" if name else _ours(item)
    if item["type"] in _NOT_GIVEN or item["input"] is None:
        return _not_given(name, fields.get(name))
    return f"{name} {_rule(item)} (got {item['input']!r:.60})"


def _rule(item: ErrorDetails) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind in _WORDS:
        return _WORDS[kind].format_map(context)
    return _TYPES.get(kind.partition("_")[0], _OTHERWISE)


def _not_given(name: str, field: FieldInfo | None) -> str:
    """Ask for a setting with what its own help says it is, or name its default."""
    if field is None:
        return f"{name} is empty"
    if not field.is_required():
        return f"{name} is empty; it is {field.default} by default"
    by_place = any(isinstance(item, Positional) for item in field.metadata)
    flag = "" if by_place else f" (--{name.replace('_', '-')})"
    what = re.split(r"[;.] ", " ".join((field.description or "").split()))[0].rstrip(".")
    return f"{name}{flag} is missing; give {what[:1].lower()}{what[1:]}"


def _each_once(value: Any) -> Any:
    """Accept several names as one text as well, "a, b", which is how a command line gives them."""
    names: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        return names
    stripped: list[str] = [str(name).strip() for name in names]  # pyright: ignore
    return tuple(dict.fromkeys(name for name in stripped if name))


def _is_text(value: str) -> str:
    """Refuse halves of surrogate pairs, as which Python passes on bytes that are not UTF-8."""
    if _SURROGATE.search(value):
        raise ValueError("holds bytes that are no text; write it in UTF-8")
    return value


def _has_no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a NUL, which no path can; take it out")
    return value


Listed = BeforeValidator(_each_once)
PromptText = Annotated[str, AfterValidator(_is_text)]
FolderPath = Annotated[str, AfterValidator(_has_no_nul)]
BareName = Annotated[str, AfterValidator(strip_brackets)]
NotBlank = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
PixelSize = Annotated[int, Field(ge=0, le=2048, multiple_of=8)]
