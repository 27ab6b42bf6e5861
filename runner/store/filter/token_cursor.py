"""A cursor over the tokens of a filter: look at the next token, take it, or report what was expected instead."""

from collections.abc import Sequence

from fitgap.runner.errors import FilterError
from fitgap.runner.store.filter.lexer import Token, TokenKind
from fitgap.runner.store.filter.shown_settings import shown_setting


class TokenCursor:
    """The tokens of a filter and the position of the next one."""

    def __init__(self, tokens: Sequence[Token]):
        self.tokens = tokens
        self.position = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        """Return the next token and advance, except at the end."""
        token = self.next
        self.position += token.kind is not TokenKind.END
        return token

    def comes(self, *texts: str) -> bool:
        """Whether the next token is one of these keywords or signs."""
        return self.next.kind in (TokenKind.KEYWORD, TokenKind.SIGN) and self.next.text in texts

    def took(self, text: str) -> bool:
        """Advance past the next token if it is this keyword or sign; returns whether it was."""
        is_next = self.comes(text)
        self.position += is_next
        return is_next

    def expect(self, text: str) -> Token:
        if not self.comes(text):
            raise self.wrong(repr(text))
        return self.take()

    def expect_end(self) -> None:
        if self.next.kind is not TokenKind.END:
            raise self.wrong("'and', 'or' or the end")

    def wrong(self, expected: str) -> FilterError:
        """The error for an unexpected next token."""
        shown = shown_setting(self.tokens, self.position)
        if shown:
            place, written = shown
            return place.error(f"{place.text} is how tables show a setting; write {written}")
        return self.next.place.error(f"expected {expected}, found {self.next}")
