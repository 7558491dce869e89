"""Learned vectors as things one owns: created, named, kept in a library, read and written."""
