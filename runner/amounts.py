"""Amounts as messages tell them: a number with its noun."""


def counted(count: int, noun: str) -> str:
    """Such as `1 trial`, `2,000 trials`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
