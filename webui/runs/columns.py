"""The choice of the table's columns, which the browser keeps."""

from __future__ import annotations

from pathlib import Path

COLUMNS = Path(__file__).with_name("columns.js").read_text(encoding="utf-8")
