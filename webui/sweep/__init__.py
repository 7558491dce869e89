"""The Sweep tab: many trainings in one batch, compared while they run."""
