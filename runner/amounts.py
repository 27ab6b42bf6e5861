"""Amounts in messages: a number with its noun in singular or plural, a time in two units."""


def counted(count: int, noun: str) -> str:
    """A count with its noun, such as `1 trial` or `2,000 trials`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Such as `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
