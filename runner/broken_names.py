"""Long names, such as those of architectures, broken onto several lines."""

import itertools
import re

# Hyphens between layers (not the sign in 1e-05), and break points within a layer such as conv8x3:padding=same.
HYPHEN, INSIDE = re.compile(r"(?<=[^\s-])(?<!\de)-(?!-)"), re.compile(r"[:,(=+/]")


def broken(text: str, width: int) -> list[str]:
    """The lines of a text in a column of this width: broken between words, and inside words that are too long."""
    if len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) <= width:
            line += f" {word}"
            continue
        lines += [line] if line else []
        line = word
        while len(line) > width:
            place = place_to_break(line, width)
            lines.append(line[:place])
            line = line[place:]
    return [*lines, line]


def place_to_break(word: str, width: int) -> int:
    """Where to break a word longer than `width`: after a hyphen if possible, else within a layer, else anywhere."""
    for sign in (HYPHEN, INSIDE):
        places = [found.end() for found in sign.finditer(word, 0, width) if found.end() <= width]
        if places:
            return places[-1]
    return width


def longest_piece(text: str) -> int:
    """The length of the longest part of a text that is broken only between words and after hyphens."""
    ends = ((0, *(found.end() for found in HYPHEN.finditer(word)), len(word)) for word in text.split())
    return max((last - first for each in ends for first, last in itertools.pairwise(each)), default=0)
