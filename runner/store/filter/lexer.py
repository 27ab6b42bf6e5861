"""Words of a filter: names, numbers, text in quotes and signs, each with its place."""

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
      | (?P<name>[^\W\d]\w*(?:\.\w+)*)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<sign>==|!=|<>|<=|>=|[=<>+*/(),-])
    )""",
    re.VERBOSE,
)
# Words that are no names, in small or capital letters.
KEYWORDS = ("and", "or", "not", "in", "is", "null", "like", "true", "false")
# How other languages write what is meant.
SYNONYMS = {"=": "==", "<>": "!="}


class TokenKind(Enum):
    """What a word is. A keyword or a sign stands for itself."""

    NUMBER = auto()
    NAME = auto()
    TEXT = auto()
    KEYWORD = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True)
class Place:
    """Where something stands in a filter, and the filter itself: what a message points at."""

    filter: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.filter[self.start : self.end]

    def to(self, other: "Place") -> "Place":
        """From here to the end of another place."""
        return Place(self.filter, self.start, other.end)

    def error(self, message: str) -> FilterError:
        """The error that points here."""
        return FilterError(message, self.filter, self.start, self.end)


@dataclass(frozen=True)
class Token:
    kind: TokenKind
    text: str
    place: Place

    def __str__(self) -> str:
        """The word as messages name it."""
        return "the end" if self.kind is TokenKind.END else repr(self.text)


def tokens_of(text: str) -> list[Token]:
    """The words of a filter and a last one that stands for its end; FilterError where something is no word."""
    check_length(text)
    words: list[Token] = []
    end = len(text.rstrip())
    position = 0
    while position < end:
        found = PATTERN.match(text, position)
        if found is None or not found.lastgroup:
            raise no_word(text, position)
        words.append(word(found.lastgroup, found[found.lastgroup], Place(text, *found.span(found.lastgroup))))
        position = found.end()
    if len(words) > MOST_WORDS:
        raise words[MOST_WORDS].place.error(f"a filter has at most {MOST_WORDS} words and signs, this one {len(words)}")
    return [*words, Token(TokenKind.END, "", Place(text, end, end + 1))]


def check_length(text: str) -> None:
    """FilterError for text that is too long, or that no database can hold."""
    if len(text) > LONGEST_FILTER:
        start = Place(text, LONGEST_FILTER, LONGEST_FILTER + 1)
        raise start.error(f"a filter has at most {LONGEST_FILTER:,} characters, this one {len(text):,}")
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise Place(text, position, position + 1).error("this character cannot be in a database")


def word(group: str, text: str, place: Place) -> Token:
    """The word that a group of the pattern has found."""
    if group == "name" and text.lower() in KEYWORDS:
        return Token(TokenKind.KEYWORD, text.lower(), place)
    if group == "text":
        quote = text[0]
        return Token(TokenKind.TEXT, text[1:-1].replace(quote * 2, quote), place)
    if group == "number" and not math.isfinite(float(text)):
        raise place.error(f"the number {text} is too large")
    return Token(TokenKind[group.upper()], SYNONYMS.get(text, text) if group == "sign" else text, place)


def no_word(text: str, position: int) -> FilterError:
    """The error for a place where no word begins."""
    position += len(text[position:]) - len(text[position:].lstrip())
    character = text[position]
    if character in "'\"":
        return Place(text, position, len(text)).error(f"the quote {character} that begins here does not end")
    if character.isdecimal() or character == ".":
        end = position + len(re.match(r"[\w.]*", text[position:])[0])  # type: ignore[index]
        return Place(text, position, max(end, position + 1)).error("this is neither a number nor a name")
    advice = {"!": "; write != or not", "&": "; write and", "|": "; write or", "%": "; patterns have * and ?"}
    return Place(text, position, position + 1).error(f"{character!r} means nothing here{advice.get(character, '')}")
