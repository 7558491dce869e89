"""`ti train`, what is asked of runs, and trainings by other programs' flags."""
