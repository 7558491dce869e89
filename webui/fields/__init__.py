"""What stands at the fields of a form besides their values: what is wrong with one, and where."""
