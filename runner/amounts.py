"""Amounts in messages: a number with its noun in singular or plural."""


def counted(count: int, noun: str) -> str:
    """A count with its noun, such as `1 trial` or `2,000 trials`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
