"""Forms with the fields of another program, which become the settings of a training."""
