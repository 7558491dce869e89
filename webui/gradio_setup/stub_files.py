"""Have Gradio imported without the stub files that it writes for editors.

At each import Gradio parses the source of all its components and writes `.pyi` files beside them:
about half of the import's time, for files that no running program reads.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_WRITER = "gradio.component_meta"


class _WithoutStubs(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        vars(module)["create_or_modify_pyi"] = _write_nothing


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _WRITER:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Loader | None = spec.loader if spec else None
        if spec and isinstance(loader, SourceFileLoader):
            spec.loader = _WithoutStubs(loader.name, loader.path)
        return spec


def _write_nothing(*_: object) -> None:
    """Stand in for the writer of stub files."""


def leave_out_stubs() -> None:
    """Leave the stub files out of the import of Gradio, if it is still to come."""
    if _WRITER not in sys.modules:
        sys.meta_path.insert(0, _Finder())
