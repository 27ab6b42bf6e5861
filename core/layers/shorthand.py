"""Layers in one line: joined by hyphens, those that a residual connection goes around in `res(…)`."""

import re
from collections.abc import Iterator, Sequence

# Of a residual connection, which stands behind the layers that it goes around.
OPENING, CLOSING = "res(", ")"
BETWEEN = "-"
# A hyphen behind an equals sign is a minus.
TOKENS = re.compile(r"(res\(|\)|(?<!=)-)")


def joined(layers: Sequence[str], around: Sequence[int]) -> str:
    """Layers in shorthand as one line. `around` holds for each of how many layers it adds the inputs, 0 for none.

    `["8", "8", "res2"]` becomes `res(8-8)`. A connection that starts within another is written as it is, such as
    `res2`.
    """
    parts: list[tuple[str, int]] = []
    for layer, count in zip(layers, around, strict=True):
        inside = inner_parts(parts, count)
        if inside:
            del parts[-len(inside) :]
            text = OPENING + BETWEEN.join(text for text, _ in inside) + CLOSING
            parts.append((text, count + 1))
        else:
            parts.append((layer, 1))
    return BETWEEN.join(text for text, _ in parts)


def inner_parts(parts: Sequence[tuple[str, int]], count: int) -> list[tuple[str, int]]:
    """The last parts, which make up this number of layers; none if a part lies across the border."""
    for start in range(len(parts) - 1, -1, -1):
        inside = list(parts[start:])
        if sum(layers for _, layers in inside) == count:
            return inside
    return []


def separated(text: str) -> list[str]:
    """The layers of a line, the inverse of `joined`: `res(8-8)-4` becomes `["8", "8", "res2", "4"]`.

    A layer that is missing becomes "". Raises ValueError if parentheses or hyphens are missing.
    """
    layers: list[str] = []
    opened: list[int] = []
    for token in tokens_of(text):
        if token == OPENING:
            opened.append(len(layers))
        elif token == CLOSING and not opened:
            raise ValueError("it closes a parenthesis that it does not open")
        elif token == CLOSING:
            layers.append(f"res{len(layers) - opened.pop()}")
        else:
            layers.append(token)
    if opened:
        raise ValueError("it does not close every parenthesis")
    return layers


def tokens_of(text: str) -> Iterator[str]:
    """The layers and parentheses of a line, "" for a missing layer. Raises ValueError if a hyphen is missing."""
    needs_layer = True
    for token in filter(None, TOKENS.split(text)):
        is_behind_layer = token in (BETWEEN, CLOSING)
        if is_behind_layer and needs_layer:
            yield ""
        elif not is_behind_layer and not needs_layer:
            raise ValueError(f"a hyphen is missing in front of {token}")
        needs_layer = token in (BETWEEN, OPENING)
        if token != BETWEEN:
            yield token
    if needs_layer:
        yield ""
