"""What a run does between its steps: saving, previews, evaluation, statistics, warnings."""
