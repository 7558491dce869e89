"""Many trainings at once: what they vary, which of them share a pass, and how each ended."""
