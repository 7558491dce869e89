"""Publishing at the end of a training: what can fail is asked of the Hub before it begins."""

from __future__ import annotations

from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.sharing.hub_errors import find_token
from textual_inversion.embeddings.sharing.publish import Choices, prepare, publish
from textual_inversion.embeddings.sharing.upload import find_repository
from textual_inversion.storage.paths import find_folder


class Publisher:
    """A repository that may be written to, and is when the training is done."""

    def __init__(self, repository: str) -> None:
        """Find the repository.

        Raises:
            HubError: There is no token, or the Hub cannot be reached.
        """
        self.repository = find_repository(repository, find_token(), private=True)

    @property
    def question(self) -> str:
        """What to ask before the training."""
        state = "private" if self.repository.is_private else "public"
        new = "the" if self.repository.is_there else "the new"
        return f"Publish the embedding in {new} {state} repository {self.repository.name} then?"

    def publish(self, name: str) -> str:
        """Publish the embedding of that name; return the repository's address."""
        choices = Choices(public=not self.repository.is_private)
        library = Library(find_folder("embeddings"))
        return publish(prepare(library, name, self.repository.name, choices))
