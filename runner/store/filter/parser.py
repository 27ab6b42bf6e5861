"""Parser of filters: from text to a syntax tree, with this grammar:

    condition   either
    either      all ("or" all)*
    all         negation ("and" negation)*
    negation    "not" negation | test
    test        sum ( (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)*
                    | ["not"] "in" ( "(" constant ("," constant)* ")" | name )
                    | ["not"] "like" text
                    | "is" ["not"] "null" )
    sum         product (("+" | "-") product)*
    product     signed (("*" | "/") signed)*
    signed      "-" signed | operand
    operand     number | text | "true" | "false" | name | "abs" "(" sum ")" | epochs_to | of_class | "(" condition ")"
    of_class    name "." ( name | text ), as one token
    epochs_to   "epochs_to" "(" measure ("<" | "<=" | ">" | ">=") number ")"

Whether parentheses contain a sum or a condition is known only after reading them. `!=`, `not in`, `not like` and
`is not` become a `Not` of `==`, `in`, `like` and `is`.
"""

from collections.abc import Callable, Sequence
from typing import cast, get_args

from fitgap.runner.errors import StoreError
from fitgap.runner.store.filter import syntax_tree
from fitgap.runner.store.filter.class_keys import class_number, measure_of
from fitgap.runner.store.filter.lexer import Place, Token, TokenKind, tokenize
from fitgap.runner.store.filter.token_cursor import TokenCursor

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LIMITS = ("<", "<=", ">", ">=")
EPOCHS_TO = "epochs_to"
# Measures of an epoch that `epochs_to` accepts.
EPOCH_MEASURES = ("e_v", "e_t", "accuracy_v", "accuracy_t", "e_t_running")
DEEPEST = 30
MOST_SIGNS = 30

Part = syntax_tree.Operand | syntax_tree.Condition


def parse_operand(text: str) -> syntax_tree.Operand:
    """The tree of a single value, such as `epochs_to(e_v < 0.15)`. Raises FilterError."""
    parser = Parser(tokenize(text), ())
    found = as_operand(parser.operand())
    if parser.next.kind is not TokenKind.END:
        raise parser.wrong("the end")
    return found


def parse(text: str, classes: Sequence[str]) -> syntax_tree.Condition:
    """The tree of a filter for trials with these classes; FilterError, pointing at the mistake, if it is invalid."""
    parser = Parser(tokenize(text), classes)
    found = parser.either()
    parser.expect_end()
    return as_condition(found)


class Parser(TokenCursor):
    """A recursive descent parser, with one method per rule of the grammar."""

    def __init__(self, tokens: Sequence[Token], classes: Sequence[str]):
        super().__init__(tokens)
        self.classes = classes
        self.depth = 0
        self.signs = 0

    def deeper(self, rule: Callable[[], Part]) -> Part:
        """Apply a rule one nesting level deeper; FilterError if that is too deep."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.next.place.error(f"a filter may be at most {DEEPEST} levels deep; remove some parentheses")
        found = rule()
        self.depth -= 1
        return found

    def either(self) -> Part:
        return self.joined("or", self.all, syntax_tree.Either)

    def all(self) -> Part:
        return self.joined("and", self.negation, syntax_tree.All)

    def joined(
        self, word: str, rule: Callable[[], Part], kind: type[syntax_tree.Either] | type[syntax_tree.All]
    ) -> Part:
        """One or more occurrences of a rule, joined by a keyword."""
        parts = [rule()]
        while self.took(word):
            parts.append(rule())
        if len(parts) == 1:
            return parts[0]
        return kind(parts[0].place.to(parts[-1].place), tuple(map(as_condition, parts)))

    def negation(self) -> Part:
        if not self.comes("not"):
            return self.test()
        start = self.take().place
        inner = as_condition(self.deeper(self.negation))
        return syntax_tree.Not(start.to(inner.place), inner)

    def test(self) -> Part:
        left = self.sum()
        if self.comes(*COMPARISONS):
            return self.comparison(left)
        if self.comes("is"):
            return self.null_test(as_operand(left))
        is_opposite = self.took("not")
        if self.comes("in"):
            found: syntax_tree.Condition = self.membership(as_operand(left))
        elif self.comes("like"):
            found = self.pattern(as_operand(left))
        elif is_opposite:
            raise self.wrong("'in' or 'like' after 'not'")
        else:
            return left
        return syntax_tree.Not(found.place, found) if is_opposite else found

    def comparison(self, left: Part) -> syntax_tree.Condition:
        operands, signs = [as_operand(left)], []
        while self.comes(*COMPARISONS):
            signs.append(self.take())
            operands.append(as_operand(self.sum()))
        place = operands[0].place.to(operands[-1].place)
        if signs[0].text == "!=" and len(signs) == 1:
            return syntax_tree.Not(place, syntax_tree.Comparison(place, tuple(operands), ("==",)))
        for sign in signs:
            if sign.text == "!=":
                raise sign.place.error("!= is not allowed in a chain; write two comparisons joined by 'and'")
        return syntax_tree.Comparison(place, tuple(operands), tuple(sign.text for sign in signs))

    def null_test(self, left: syntax_tree.Operand) -> syntax_tree.Condition:
        self.take()
        is_opposite = self.took("not")
        place = left.place.to(self.expect("null").place)
        test = syntax_tree.IsNull(place, left)
        return syntax_tree.Not(place, test) if is_opposite else test

    def membership(self, left: syntax_tree.Operand) -> syntax_tree.Condition:
        """`activation in ('relu', 'elu')`, or `'checked' in tags`."""
        self.take()
        if self.next.kind is TokenKind.NAME:
            collection = self.name()
            return syntax_tree.Comparison(left.place.to(collection.place), (collection, left), ("==",))
        self.expect("(")
        choices = [self.constant()]
        while self.took(","):
            choices.append(self.constant())
        return syntax_tree.Membership(left.place.to(self.expect(")").place), left, tuple(choices))

    def constant(self) -> syntax_tree.Operand:
        """A number, optionally with a minus sign, or a text."""
        if self.comes("-"):
            start = self.take().place
            if self.next.kind is not TokenKind.NUMBER:
                raise self.wrong("a number")
            number = self.take()
            return syntax_tree.Number(start.to(number.place), -float(number.text))
        if self.next.kind not in (TokenKind.NUMBER, TokenKind.TEXT):
            raise self.wrong("a number or a text in quotes")
        return cast(syntax_tree.Operand, self.operand())

    def pattern(self, left: syntax_tree.Operand) -> syntax_tree.Condition:
        self.take()
        if self.next.kind is not TokenKind.TEXT:
            raise self.wrong("a pattern in quotes, such as 'adam*'")
        pattern = self.take()
        return syntax_tree.Like(left.place.to(pattern.place), left, pattern.text)

    def sum(self) -> Part:
        return self.calculated(("+", "-"), self.product)

    def product(self) -> Part:
        return self.calculated(("*", "/"), self.signed)

    def calculated(self, signs: tuple[str, ...], rule: Callable[[], Part]) -> Part:
        """One or more occurrences of a rule, joined by signs, grouped from left to right."""
        left = rule()
        while self.comes(*signs):
            sign = self.take()
            self.signs += 1
            if self.signs > MOST_SIGNS:
                raise sign.place.error(f"a filter may have at most {MOST_SIGNS} of + - * /")
            first, second = as_operand(left), as_operand(rule())
            left = syntax_tree.Arithmetic(first.place.to(second.place), sign.text, first, second)
        return left

    def signed(self) -> Part:
        if not self.comes("-"):
            return self.operand()
        start = self.take().place
        inner = as_operand(self.deeper(self.signed))
        return syntax_tree.Negative(start.to(inner.place), inner)

    def operand(self) -> Part:
        if self.took("("):
            found = self.deeper(self.either)
            self.expect(")")
            return found
        if self.comes("true", "false"):
            token = self.take()
            return syntax_tree.Flag(token.place, token.text == "true")
        if self.next.kind is TokenKind.NUMBER:
            token = self.take()
            return syntax_tree.Number(token.place, float(token.text))
        if self.next.kind is TokenKind.TEXT:
            token = self.take()
            return syntax_tree.Text(token.place, token.text)
        if self.comes("null"):
            raise self.next.place.error("nothing equals null; write `is null` or `is not null`")
        if self.next.kind is not TokenKind.NAME:
            raise self.wrong("a name, a number or a text in quotes")
        if measure_of(self.next.text):
            return self.of_class()
        name = self.name()
        return self.function(name) if self.comes("(") else name

    def of_class(self) -> syntax_tree.OfClass:
        """`recall_v.setosa`."""
        token = self.take()
        try:
            number = class_number(token.text, self.classes)
        except StoreError as error:
            raise token.place.error(str(error)) from None
        return syntax_tree.OfClass(token.place, measure_of(token.text) or "", number)

    def name(self) -> syntax_tree.Name:
        token = self.take()
        return syntax_tree.Name(token.place, token.text)

    def function(self, name: syntax_tree.Name) -> syntax_tree.Operand:
        """`abs(…)` or `epochs_to(…)`, the only functions."""
        if name.name == EPOCHS_TO:
            return self.epochs_to(name)
        if name.name != "abs":
            raise name.place.error(f"there is no function {name.name!r}; known: abs, {EPOCHS_TO}")
        self.take()
        inner = as_operand(self.deeper(self.sum))
        return syntax_tree.Absolute(name.place.to(self.expect(")").place), inner)

    def epochs_to(self, name: syntax_tree.Name) -> syntax_tree.Operand:
        """`epochs_to(e_v < 0.15)`."""
        self.take()
        if self.next.kind is not TokenKind.NAME or self.next.text not in EPOCH_MEASURES:
            raise self.wrong(f"a measure of an epoch ({', '.join(EPOCH_MEASURES)})")
        measure = self.take().text
        if not self.comes(*LIMITS):
            raise self.wrong(" or ".join(map(repr, LIMITS)))
        sign = self.take().text
        limit = self.constant()
        if not isinstance(limit, syntax_tree.Number):
            raise limit.place.error("the limit must be a number, such as epochs_to(e_v < 0.15)")
        return syntax_tree.EpochsTo(name.place.to(self.expect(")").place), measure, sign, limit.value)


def as_operand(part: Part) -> syntax_tree.Operand:
    """The part as an operand; FilterError if it is a condition."""
    if not isinstance(part, get_args(syntax_tree.Operand)):
        raise part.place.error("a condition is not a value; join conditions by 'and' or 'or'")
    return cast(syntax_tree.Operand, part)


def as_condition(part: Part) -> syntax_tree.Condition:
    """The part as a condition; FilterError if it is a value. A name may be a flag, which is a condition."""
    if not isinstance(part, get_args(syntax_tree.Condition)):
        raise after(part.place).error("expected a comparison, such as e_v < 0.02")
    return cast(syntax_tree.Condition, part)


def after(place: Place) -> Place:
    """The position right after a place."""
    return Place(place.filter, place.end, place.end + 1)
