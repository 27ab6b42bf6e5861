"""Text without terminal control characters."""


def printable(text: str) -> str:
    """Text with control characters, line breaks, and invisible or direction-changing characters escaped."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
