"""What all settings are made of: their base, the markers of a field, settings files, folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from textual_inversion.errors import SettingsError
from textual_inversion.names import bare

SCHEMA_VERSION = 1
DEFAULT_MODEL = "models/pocket"
PROMPT_TOKENS = 75
"""Tokens of a prompt that one pass of CLIP takes, without its begin and end marks."""


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
            from textual_inversion.settings.complaints import complaint

            raise SettingsError(complaint(error, cls)) from None


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


def _each_once(value: Any) -> Any:
    """Accept several names as one text as well, "a, b", which is how a command line gives them."""
    names: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        return names
    stripped: list[str] = [str(name).strip() for name in names]  # pyright: ignore
    return tuple(dict.fromkeys(name for name in stripped if name))


Listed = BeforeValidator(_each_once)
BareName = Annotated[str, AfterValidator(bare)]
PixelSize = Annotated[int, Field(ge=0, le=2048, multiple_of=8)]
