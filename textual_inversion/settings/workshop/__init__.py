"""The choices of the workshop, where embeddings are made from others."""

from textual_inversion.settings.workshop.making import Operation, WorkshopSettings
from textual_inversion.settings.workshop.pruning import PruneSettings

__all__ = ["Operation", "PruneSettings", "WorkshopSettings"]
