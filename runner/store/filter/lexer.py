"""Lexer of filters: splits text into names, numbers, quoted text and operators, each with its position."""

import math
import re
from dataclasses import dataclass
from enum import Enum, auto

from fitgap.runner.errors import FilterError

LONGEST_FILTER = 2_000
MOST_WORDS = 200

PATTERN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?!\w)
      | (?P<name>[^\W\d]\w*(?:\.\w+)*(?:\.(?:'(?:[^']|'')*'|"(?:[^"]|"")*"))?)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<sign>==|!=|<>|<=|>=|[=<>+*/(),-])
    )""",
    re.VERBOSE,
)
# Reserved words, which are not case-sensitive.
KEYWORDS = ("and", "or", "not", "in", "is", "null", "like", "true", "false")
# Spellings from other languages.
SYNONYMS = {"=": "==", "<>": "!="}


class TokenKind(Enum):
    """The kinds of tokens."""

    NUMBER = auto()
    NAME = auto()
    TEXT = auto()
    KEYWORD = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True)
class Place:
    """A range of a filter's text, at which an error message can point."""

    filter: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.filter[self.start : self.end]

    def to(self, other: "Place") -> "Place":
        """The range from the start of this place to the end of another."""
        return Place(self.filter, self.start, other.end)

    def error(self, message: str) -> FilterError:
        """An error that points at this place."""
        return FilterError(message, self.filter, self.start, self.end)


@dataclass(frozen=True)
class Token:
    kind: TokenKind
    text: str
    place: Place

    def __str__(self) -> str:
        """The token as shown in messages."""
        return "the end" if self.kind is TokenKind.END else repr(self.text)


def tokenize(text: str) -> list[Token]:
    """The tokens of a filter, with a final END token. Raises FilterError for invalid text."""
    check_length(text)
    tokens: list[Token] = []
    end = len(text.rstrip())
    position = 0
    while position < end:
        found = PATTERN.match(text, position)
        if found is None or not found.lastgroup:
            raise invalid_token(text, position)
        tokens.append(token(found.lastgroup, found[found.lastgroup], Place(text, *found.span(found.lastgroup))))
        position = found.end()
    if len(tokens) > MOST_WORDS:
        rule = f"a filter may have at most {MOST_WORDS} words and signs, but this one has {len(tokens)}"
        raise tokens[MOST_WORDS].place.error(rule)
    return [*tokens, Token(TokenKind.END, "", Place(text, end, end + 1))]


def check_length(text: str) -> None:
    """Raise FilterError for text that is too long, or that contains characters that no database can store."""
    if len(text) > LONGEST_FILTER:
        start = Place(text, LONGEST_FILTER, LONGEST_FILTER + 1)
        raise start.error(f"a filter may have at most {LONGEST_FILTER:,} characters, but this one has {len(text):,}")
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Place(text, position, position + 1).error("no database can store this character")


def token(group: str, text: str, place: Place) -> Token:
    """The token matched by a group of the pattern."""
    if group == "name" and text.lower() in KEYWORDS:
        return Token(TokenKind.KEYWORD, text.lower(), place)
    if group == "text":
        quote = text[0]
        return Token(TokenKind.TEXT, text[1:-1].replace(quote * 2, quote), place)
    if group == "number" and not math.isfinite(float(text)):
        raise place.error(f"the number {text} is too large")
    return Token(TokenKind[group.upper()], SYNONYMS.get(text, text) if group == "sign" else text, place)


def invalid_token(text: str, position: int) -> FilterError:
    """The error for a position where no token begins."""
    position += len(text[position:]) - len(text[position:].lstrip())
    character = text[position]
    if character in "'\"":
        return Place(text, position, len(text)).error(f"the quote {character} that starts here is not closed")
    if character.isdecimal() or character == ".":
        end = position + len(re.match(r"[\w.]*", text[position:])[0])  # type: ignore[index]
        return Place(text, position, max(end, position + 1)).error("this is neither a number nor a name")
    advice = {"!": "; write != or not", "&": "; write and", "|": "; write or", "%": "; patterns use * and ?"}
    return Place(text, position, position + 1).error(f"{character!r} is not allowed here{advice.get(character, '')}")
