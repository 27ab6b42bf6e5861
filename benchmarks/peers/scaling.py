"""What a whole sweep would take a peer that was only given some of its trials."""


def trials_per_second(started: float, first: float, last: float, trained: int, wanted: int) -> float:
    """Trials a second over `wanted` trials.

    The peer started at `started`, its first epoch was there at `first`, and `trained` trials were finished at `last`.
    Starting is counted once, the rest grows with the number of trials.
    """
    return wanted / (first - started + (last - first) * wanted / trained)
