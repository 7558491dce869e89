"""Embeddings of a repository on the Hugging Face Hub, copied into a folder of embeddings."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from textual_inversion.embeddings.sharing import learned_pair, repository_files
from textual_inversion.embeddings.sharing.distinct import distinct_files
from textual_inversion.embeddings.sharing.hub_errors import endpoint, hub_errors
from textual_inversion.errors import EmbeddingError, HubError, SettingsError, StorageError
from textual_inversion.models import hub
from textual_inversion.storage.atomic import explain

_PAGE = re.compile(r"https?://[^/]+/([^/]+/[^/?#]+)(?:/(?:tree|blob|resolve)/([^/?#]+).*)?/?")
_PUBLIC = "https://huggingface.co/"


def fetch_concept(
    repository: str,
    folder: Path,
    *,
    revision: str | None = None,
    files: Sequence[str] = (),
    force: bool = False,
) -> list[Path]:
    """Download the embeddings of a repository, check them, and put them into a folder.

    `learned_embeds` files go into a sub-folder of the repository's name, with their word, type and
    card; another file goes into the folder under its own name. Files with the same vectors count
    once, and the two files that diffusers has for SDXL become one.

    Args:
        repository: OWNER/NAME, or the address of its page.
        folder: Where to put them.
        revision: A branch, tag or commit; None for main.
        files: Patterns of the files to take, such as *.pt; empty for all embeddings.
        force: Replace other files that are there already.

    Raises:
        HubError: The Hub has no such repository, cannot be reached, or it has no embeddings.
        EmbeddingError: None of the files can be read, or others are in their place.
    """
    name, in_page = parse_repository(repository)
    revision = revision or in_page
    snapshot, paths, sidecars = _download(name, revision, files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=folder) as staging:
            inside = Path(staging) / name.rpartition("/")[2]
            for path in [*paths, *sidecars]:
                _copy(snapshot / path, inside / path)
            found = _checked([inside / path for path in paths], inside)
            placed = [(source, folder / _place(source, inside, found)) for source in found]
            beside = {inside / path for path in sidecars} & _sidecars_of(found)
            extra = [(source, folder / source.relative_to(inside.parent)) for source in beside]
            _move([*placed, *extra], force=force)
    except OSError as error:
        raise StorageError(explain(folder, error)) from error
    return [target for _, target in placed]


def parse_repository(text: str) -> tuple[str, str | None]:
    """Return OWNER/NAME and the revision that an address may name.

    Raises:
        SettingsError: It is neither a repository's name nor its address.
    """
    text = text.strip()
    match = _PAGE.fullmatch(text)
    is_hubs = match and text.startswith((_PUBLIC, f"{endpoint()}/"))
    name, revision = (match[1], match[2]) if match and is_hubs else (text, None)
    if not hub.is_hub_name(name):
        raise SettingsError(
            f'"{text}" is no repository; write OWNER/NAME, such as sd-concepts-library/cat-toy.'
        )
    return name, revision


def _download(
    name: str, revision: str | None, files: Sequence[str]
) -> tuple[Path, list[str], list[str]]:
    """Download what may be embeddings into the Hub's cache: folder, their paths, their sidecars."""
    client = hub.client()
    with hub_errors(name, revision=revision):
        info = client.HfApi().model_info(name, revision=revision, files_metadata=True)
        sizes = {file.rfilename: file.size for file in info.siblings or []}
    paths = repository_files.choose_files(sizes, files)
    sidecars = repository_files.sidecars_of(paths, sizes)
    _check_chosen(name, paths, files)
    with hub_errors(name, revision=revision):
        folder = client.snapshot_download(
            name,
            revision=info.sha,
            allow_patterns=[*paths, *sidecars],
            tqdm_class=_silent_bar(),
        )
    return Path(folder), paths, sidecars


def _check_chosen(name: str, paths: Sequence[str], files: Sequence[str]) -> None:
    most = repository_files.MAX_FILES
    if len(paths) > most and not files:
        raise HubError(
            f'"{name}" has {len(paths)} files that may be embeddings, and at most {most} are taken '
            f"at once; choose with --file, such as --file {paths[0]}."
        )
    if not paths:
        wanted = f" called {' or '.join(files)}" if files else ""
        raise HubError(
            f'"{name}" has no file{wanted} that may be an embedding; look at its files at '
            f"{endpoint()}/{name}/tree/main."
        )


def _silent_bar() -> type:
    from tqdm.auto import tqdm

    class Silent(tqdm):
        """No bar: the files are small."""

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **{**options, "disable": True})  # pyright: ignore[reportArgumentType,reportCallIssue]

    return Silent


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())


def _checked(paths: list[Path], inside: Path) -> list[Path]:
    """Return the files that hold embeddings, each once; messages call them as the Hub does."""
    try:
        return distinct_files(learned_pair.join(paths))
    except EmbeddingError as error:
        raise EmbeddingError(str(error).replace(f"{inside}/", "")) from None


def _place(source: Path, inside: Path, found: Sequence[Path]) -> Path:
    """Return where a file goes, below the folder of embeddings."""
    alone = len(found) == 1 and not source.name.startswith("learned_embeds")
    return Path(source.name) if alone else source.relative_to(inside.parent)


def _sidecars_of(found: Sequence[Path]) -> set[Path]:
    learned = [path for path in found if path.name.startswith("learned_embeds")]
    return {path.with_name(name) for path in learned for name in repository_files.SIDECARS}


def _move(moves: Sequence[tuple[Path, Path]], *, force: bool) -> None:
    """Put the files in their places, none of them if another one is there."""
    for source, target in moves:
        is_taken = target.is_symlink() or target.exists()
        if is_taken and not force and target.read_bytes() != source.read_bytes():
            raise EmbeddingError(
                f"{target} is there already and is another file; rename it, or replace it with "
                "--force."
            )
    for source, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
