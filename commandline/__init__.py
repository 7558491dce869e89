"""The command line: one module for each group of commands. Nothing of the core imports it."""
