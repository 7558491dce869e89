"""Generators of events, read to their end."""


def drained(events):
    """All that a generator yields, and what it returns."""
    told = []
    while True:
        try:
            told.append(next(events))
        except StopIteration as end:
            return told, end.value
