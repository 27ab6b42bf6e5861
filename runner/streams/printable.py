"""Text for people, in which nothing is left that a terminal would obey."""


def printable(text: str) -> str:
    """Text without control characters, line breaks, and characters that are invisible or turn the direction around."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
