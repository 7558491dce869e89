"""What pydantic complains of, in words of our own; the command line and the page show the same.

Every sentence says which setting it is, what it takes, and what was given instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from textual_inversion.settings.markers import Positional

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


def complaint(error: ValidationError, model: type[BaseModel]) -> str:
    """Word all that is wrong with the settings of `model` in one line."""
    return "; ".join(_sentence(item, model.model_fields) for item in error.errors())


def _sentence(item: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == _OURS:
        message = item["msg"].removeprefix("Value error, ")
        return f"{name}: {message}" if name else message
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
