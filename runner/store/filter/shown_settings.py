"""Advice for settings that are written in a filter as tables show them, such as `adam 0.01`."""

import re
from collections.abc import Sequence

from fitgap.core.variants import Variant
from fitgap.runner.store.filter.lexer import Place, Token, TokenKind
from fitgap.runner.store.filter.namespace import VARIANTS, Shape

# Variants used together are joined by a plus, those of different layers by a slash.
JOINS = re.compile(r"\s+[+/]\s+|\+(?=[a-z])")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
ENDS = ("and", "or", "not", ")")


def advice_on_shown(text: str, axis: str) -> str | None:
    """The filter for a setting of an axis, given as tables show it; None if the text is not such a setting."""
    table, _, shape = VARIANTS[axis]
    found = []
    for part in JOINS.split(text.strip()):
        name, *words = part.replace(":", " ").replace(",", " ").split() or [""]
        tests = tests_of(axis, table[name], name, words, shape) if name in table else None
        if tests is None:
            return None
        found += tests
    return " and ".join(found)


def tests_of(axis: str, variant: type[Variant], name: str, words: Sequence[str], shape: Shape) -> list[str] | None:
    """The tests for one variant with its parameters; None if it has no such parameter."""
    parameters = variant.parameters()
    headlines = [key for key, field in parameters.items() if field.metadata["headline"]]
    is_alone = shape is Shape.ONE
    tests = [f"{axis}.name == '{name}'"] if is_alone or not words else []
    for word in words:
        key, _, value = word.rpartition("=")
        key = key or next(iter([*headlines, *parameters]), "")
        if key not in parameters:
            return None
        dotted = f"{axis}.{key}" if is_alone else f"{axis}.{name}.{key}"
        domain = parameters[key].metadata["domain"]
        if domain.choices:
            tests.append(f"{dotted} == '{value}'")
        elif domain.flag:
            tests.append(f"{dotted} == {value.lower()}")
        elif NUMBER.fullmatch(value):
            tests.append(f"{dotted} == {value}")
        else:
            return None
    # Two values for one parameter: this was not meant as a setting.
    return tests if len(set(tests)) == len({each.split(" ==")[0] for each in tests}) else None


def shown_setting(tokens: Sequence[Token], position: int) -> tuple[Place, str] | None:
    """The place of a setting written without quotes as tables show it, and the filter that was meant; None if none is.

    `position` is that of an unexpected token, such as the number in `adam 0.01` or `optimizer = adam 0.01`.
    """
    if position == 0 or tokens[position - 1].kind is not TokenKind.NAME:
        return None
    end = next(
        place for place in range(position, len(tokens)) if tokens[place].kind is TokenKind.END or ends(tokens[place])
    )
    place = tokens[position - 1].place.to(tokens[end - 1].place)
    name = tokens[position - 1].text
    is_compared = position > 2 and tokens[position - 2].text == "==" and tokens[position - 3].text in VARIANTS
    axis = tokens[position - 3].text if is_compared else axis_of(name)
    written = advice_on_shown(place.text, axis) if axis and end > position else None
    return (place, written) if written else None


def ends(token: Token) -> bool:
    return token.kind in (TokenKind.KEYWORD, TokenKind.SIGN) and token.text in ENDS


def axis_of(name: str) -> str | None:
    """The first axis that has a variant with this name."""
    return next((axis for axis, (table, _, _) in VARIANTS.items() if name in table), None)
