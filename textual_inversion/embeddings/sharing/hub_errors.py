"""What may go wrong between here and the Hugging Face Hub, each in one sentence. Never a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textual_inversion.errors import HubError, SettingsError
from textual_inversion.models import hub

_LOGIN = 'log in with "hf auth login" or set HF_TOKEN'


@contextmanager
def hub_errors(repository: str, *, revision: str | None = None, token: str = "") -> Iterator[None]:
    """Turn what the Hub's client raises into a HubError of one sentence.

    Args:
        repository: What is read or written.
        revision: The revision that was asked for.
        token: What must not stand in a message.
    """
    try:
        yield
    except hub.download_errors() as error:
        text = _explain(error, repository, revision)
        raise HubError(text.replace(token, "***") if token else text) from None


def find_token(given: str | None = None) -> str:
    """Return the token to write with: the given one, else that of HF_TOKEN or of a login.

    Raises:
        HubError: There is none.
        SettingsError: The given one cannot be a token.
    """
    token = given or hub.client().get_token()
    if not token:
        raise HubError(
            f"Publishing needs a token of the Hugging Face Hub, and there is none: {_LOGIN}, with "
            "one that may write."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            "The token has characters that no token has; copy it again from the Hub's settings."
        )
    return token


def endpoint() -> str:
    """Return the Hub's address, HF_ENDPOINT or https://huggingface.co."""
    hub.client()
    from huggingface_hub import constants

    return constants.ENDPOINT


def _explain(error: Exception, repository: str, revision: str | None) -> str:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    match error:
        case errors.RevisionNotFoundError():
            return f'"{repository}" has no revision "{revision or "main"}"; check its name.'
        case errors.GatedRepoError():
            return (
                f'"{repository}" is gated: accept its conditions at {endpoint()}/{repository}, '
                f"then {_LOGIN}."
            )
        case errors.RepositoryNotFoundError():
            return (
                f'There is no repository "{repository}" at {endpoint()}, or it is private; check '
                f"the name, and {_LOGIN} if it is yours."
            )
        case errors.OfflineModeIsEnabled():
            return "HF_HUB_OFFLINE forbids asking the Hugging Face Hub; unset it, then try again."
    if status:
        return _explain_status(status, error, repository)
    return (
        f"{endpoint()} cannot be reached ({hub.describe_download_error(error)}); check the "
        "connection, and HF_ENDPOINT if it is set, then try again."
    )


def _explain_status(status: int, error: Exception, repository: str) -> str:
    if status == 401:
        return f"{endpoint()} does not know your token (status 401); {_LOGIN} with a new one."
    if status == 403:
        return (
            f'Your token may not write to "{repository}" (status 403); use one with write '
            "permission, or choose a repository of your own."
        )
    said = " ".join(str(getattr(error, "server_message", None) or "").split())[:200].rstrip(".")
    reason = f": {said}" if said else ""
    return f"{endpoint()} answered with status {status}{reason}; try again later."
