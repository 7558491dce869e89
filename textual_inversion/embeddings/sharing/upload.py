"""One commit to a repository of the Hugging Face Hub, which is made if there is none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.embeddings.sharing.hub_errors import endpoint, hub_errors
from textual_inversion.errors import SettingsError
from textual_inversion.models import hub


@dataclass(frozen=True)
class Repository:
    """A repository that may be written to: its full name, and what others see of it."""

    name: str
    is_there: bool
    is_private: bool


def find_repository(name: str, token: str, *, private: bool) -> Repository:
    """Ask the Hub who the token belongs to, and whether there is such a repository.

    Args:
        name: OWNER/NAME, or NAME for one of the token's owner.
        token: The token to write with.
        private: Whether a new one will be private.

    Raises:
        SettingsError: It is no name of a repository.
        HubError: The Hub cannot be reached, or does not know the token.
    """
    client = hub.client()
    with hub_errors(name, token=token):
        owner = client.HfApi().whoami(token=token)["name"]
    full = name if "/" in name else f"{owner}/{name}"
    if not hub.is_hub_name(full):
        raise SettingsError(
            f'"{name}" is no name of a repository; write OWNER/NAME, such as {owner}/cat-toy.'
        )
    with hub_errors(full, token=token):
        try:
            info = client.HfApi().model_info(full, token=token)
        except client.errors.RepositoryNotFoundError:
            return Repository(full, is_there=False, is_private=private)
    return Repository(full, is_there=True, is_private=bool(info.private))


def upload(
    repository: Repository, files: Mapping[str, bytes | Path], token: str, message: str
) -> str:
    """Write files in one commit; those that the repository has besides stay. Return its address.

    Raises:
        HubError: The Hub cannot be reached, or refuses.
    """
    client = hub.client()
    additions = [
        client.CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
        for path, content in files.items()
    ]
    with hub_errors(repository.name, token=token), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the Hub's advice on cards
        if not repository.is_there:
            client.HfApi().create_repo(
                repository.name, token=token, private=repository.is_private, exist_ok=True
            )
        client.HfApi().create_commit(
            repository.name, additions, commit_message=message, token=token
        )
    return f"{endpoint()}/{repository.name}"
