"""Extrapolation of a peer's speed from some of the trials to a whole sweep."""


def trials_per_second(started: float, first: float, last: float, trained: int, wanted: int) -> float:
    """Trials per second for `wanted` trials.

    The peer was started at `started`, reported its first epoch at `first`, and had trained `trained` trials at `last`.
    The start-up time counts once; the rest grows with the number of trials.
    """
    return wanted / (first - started + (last - first) * wanted / trained)
