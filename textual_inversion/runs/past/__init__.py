"""Runs that are looked at again: found, compared, reported on, packed, deleted and put back."""
