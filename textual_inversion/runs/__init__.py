"""A run on disk: its folder and log, its state, the table of all runs, what it is asked for."""
