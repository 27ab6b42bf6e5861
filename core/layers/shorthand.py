"""Layers as one line of text: joined by hyphens, with the layers that a residual connection bypasses in `res(…)`."""

import re
from collections.abc import Iterator, Sequence

# The parentheses of a residual connection. In a list of layers, it comes after the layers that it bypasses.
OPENING, CLOSING = "res(", ")"
BETWEEN = "-"
# A hyphen in a number of a setting belongs to the number: epsilon=1e-06, forget=-1.
NUMBER = r"= *[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+|= *-"
TOKENS = re.compile(rf"res\(|\)|-|(?:{NUMBER}|(?!res\(|\)|-).)+", re.DOTALL)


def joined(layers: Sequence[str], around: Sequence[int]) -> str:
    """Layers in shorthand as one line. `around` holds the number of layers that each of them bypasses, 0 for none.

    `["8", "8", "res2"]` becomes `res(8-8)`. A connection that starts inside another one is left unchanged, such as
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
    """The last parts, which together have `count` layers; none if a part extends across the boundary."""
    for start in range(len(parts) - 1, -1, -1):
        inside = list(parts[start:])
        if sum(layers for _, layers in inside) == count:
            return inside
    return []


def separated(text: str) -> list[str]:
    """The layers of a line, the inverse of `joined`: `res(8-8)-4` becomes `["8", "8", "res2", "4"]`.

    Raises ValueError, with advice, if a layer, a parenthesis or a hyphen is missing.
    """
    layers: list[str] = []
    opened: list[int] = []
    for token in tokens_of(text):
        if token == OPENING:
            opened.append(len(layers))
        elif token == CLOSING and not opened:
            raise ValueError(
                f"a closing parenthesis has no opening one; remove it, or write {OPENING} before its layers"
            )
        elif token == CLOSING:
            layers.append(f"res{len(layers) - opened.pop()}")
        else:
            layers.append(token)
    if opened:
        raise ValueError(f"a parenthesis is not closed; write {CLOSING} after the last of its layers")
    return layers


def tokens_of(text: str) -> Iterator[str]:
    """The layers and parentheses of a line. Raises ValueError if a layer or a hyphen is missing."""
    before = ""
    for token in TOKENS.findall(text):
        needs_layer = before in ("", BETWEEN, OPENING)
        if needs_layer and (token == BETWEEN or (before and token == CLOSING)):
            raise missing_layer(before, token)
        if token not in (BETWEEN, CLOSING):
            check_parentheses(token)
            if not needs_layer:
                raise missing_hyphen(token)
        if token != BETWEEN:
            yield token
        before = token
    if before in ("", BETWEEN):
        raise missing_layer(before, "")


def check_parentheses(token: str) -> None:
    """Raise ValueError for a layer with a parenthesis that does not belong to `res(…)`."""
    if token != OPENING and "(" in token:
        raise ValueError(
            "a parenthesis may only follow res directly; write res(…), without a space or other parentheses"
        )


def missing_layer(before: str, after: str) -> ValueError:
    """The error for a missing layer between two tokens; a token is "" at an end of the line."""
    if before == OPENING and after == CLOSING:
        return ValueError("res(…) is empty; write the layers that it bypasses, as in res(8)")
    if not before and not after:
        return ValueError("there is no layer; write one, or the word none")
    place = "in front of" if after == BETWEEN else "behind"
    return ValueError(f"a layer is missing {place} a hyphen; write the layer, or remove the hyphen")


def missing_hyphen(token: str) -> ValueError:
    """The error for a layer or res(…) directly after another one."""
    if token.startswith(":"):
        return ValueError("res(…) has no settings; remove those after it")
    return ValueError(f"a hyphen is missing in front of {token}")


def layer_parts(text: str) -> list[str]:
    """The layers of a line, even if its parentheses or hyphens are wrong."""
    return [part for token in TOKENS.findall(text) for part in re.split(r"[()]", token) if part not in ("", BETWEEN)]
