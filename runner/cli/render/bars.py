"""Bars in text characters."""

EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, length: int) -> str:
    """A bar of `length` characters for a share of 1, drawn in eighths of a character."""
    whole, eighths = divmod(round(8 * length * min(max(share, 0.0), 1.0)), 8)
    return ("█" * whole + EIGHTHS[eighths]).rstrip()
