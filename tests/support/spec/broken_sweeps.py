"""Broken sweep files: valid ones with a part replaced, or with pieces of text or bytes inserted, removed or
repeated.
"""

import json
from pathlib import Path

from hypothesis import strategies as st

from support.spec.spec_strategies import WRITTEN_FILES

EXAMPLES = [path.read_text() for path in sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))]


class Raw(str):
    """A piece of YAML that is inserted verbatim."""


# Values that may confuse YAML, Python or a database.
RAW = [
    *(".nan", ".inf", "-.inf", "1e400", "-1e400", "1e-400", "-0.0", "0x" + "f" * 300, "9" * 30, "9" * 5000),
    *("0o17", "017", "1_000", "1:30", "12:30:45.5", "2024-01-01", "0b11", "+1", "1.", ".5", "1e3", "yes", "~", "Null"),
    *(
        "!!python/object/apply:os.system [touch canary]",
        "!!python/name:os.system",
        "!!python/object:fitgap.runner.spec.Sweep {}",
    ),
    *("!!binary aGk=", "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!timestamp 2024-01-01", "!mine {a: 1}"),
    *("!!int ''", "!!int x", "!!float ''", "!!bool maybe", "!!null x", "!!str 1", "!!map [a]", "!!seq {a: 1}"),
    *("&a [*a]", "*nowhere", "&a 1", "[*b, &b 2]", "{<<: {a: 1}}", "{<<: *nowhere}", "{=: 1}", "{? [a] : 1}", "{? : }"),
    *("{a: 1, a: 2}", "{1: 2}", "{~: 1}", "{true: 1}", "{}", "[]", "[[]]", "[[[[[[1]]]]]]", "[" * 60 + "]" * 60),
    *(
        '"\\ud800"',
        '"\\x00"',
        '"\\e[31m"',
        '"\\u202e"',
        '"\\UFFFFFFFF"',
        '"\\q"',
        "'it''s'",
        '"a\\nb"',
        "|-\n  x",
        ">\n x",
    ),
    *(
        "relu/",
        "/relu",
        "relu+",
        "+relu",
        "l1:weight=1+l1:weight=2",
        "adam:rate",
        "adam:=1",
        "adam:rate=1,",
        "adam:rate=nan",
    ),
    *("64-", "-64", "64--32", "64, 32", "64x32", "0", "100001", "-".join(["1"] * 65), "1" * 20, "none-none"),
    *("data.csv", "../../etc/passwd", "/dev/zero", "/dev/null.csv", "NUL", "a\\0b.csv", "x" * 300 + ".csv"),
]
KEYS = [
    *(
        "axes",
        "training",
        "data",
        "name",
        "layer_1",
        "layer_2",
        "layer_x",
        "rate",
        "rates",
        "source",
        "folds",
        "epochs",
    ),
    *(
        "",
        " ",
        "__class__",
        "__proto__",
        "\x00",
        "\ud800",
        "name\n",
        "ключ",
        "a" * 500,
        "<<",
        "*",
        "&a",
        "!x",
        "1",
        "true",
    ),
]
NUMBERS = st.one_of(st.integers(), st.integers(-(10**40), 10**40), st.floats(allow_nan=False, allow_infinity=False))
WORDS = st.one_of(
    st.text(max_size=12), st.sampled_from(KEYS), st.sampled_from([word for text in EXAMPLES for word in text.split()])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, st.sampled_from(RAW).map(Raw))
HARMLESS = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.sampled_from(["relu", "some", "adam:rate=1"]))
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=8,
)


def as_text(value):
    """Plain data as YAML text in JSON style."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {as_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_text, value)) + "]"
    return json.dumps(value)


def places_in(value, path=()):
    """The paths of all parts of plain data."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from places_in(item, (*path, key))


def replaced(value, path, part):
    """Plain data with the part at a path replaced."""
    if not path:
        return part
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], rest, part)
    return copy


def part_at(value, path):
    for key in path:
        value = value[key]
    return value


@st.composite
def with_a_wrong_part(draw):
    """A sweep in which one or two parts are replaced by junk."""
    written = draw(WRITTEN_FILES)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(places_in(written))))
        written = replaced(written, path, draw(JUNK))
    return as_text(written)


@st.composite
def with_an_unknown_key(draw):
    """A sweep with an unknown setting; returns the text, the path of the mapping that has it, and its key."""
    written = draw(WRITTEN_FILES)
    key = "un" + draw(st.text("abcdefghij_", min_size=5, max_size=12))
    mappings = [path for path in places_in(written) if isinstance(part_at(written, path), dict)]
    path = draw(st.sampled_from(mappings))
    return as_text(replaced(written, path, {**part_at(written, path), key: draw(HARMLESS)})), path, key


PIECES = st.one_of(
    st.sampled_from(RAW),
    st.sampled_from(
        ["\t", "\ufeff", "\0", "\x1b[31m", "\r", "\u2028", "\n", "\n---\n", "\n...\n", "%YAML 1.1\n---\n", "%TAG ! x\n"]
    ),
    st.sampled_from(
        [": ", "- ", "? ", "&a ", "*a", "!!x ", "[", "]", "{", "}", ",", "'", '"', "|", ">", "#", "@", "`", "<<: "]
    ),
    st.text(max_size=5),
)


def in_utf_8(text):
    """Text encoded as UTF-8, including lone surrogates."""
    return text.encode("utf-8", "surrogatepass")


@st.composite
def cut_and_mended(draw, texts, pieces):
    """A text or bytes with some stretches removed, repeated or replaced by pieces."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        end = min(end, start + draw(st.sampled_from([0, 1, 2, 10, 100])))
        between = draw(st.one_of(pieces, st.just(text[start:end] * 2)))
        text = text[:start] + between + text[end:]
    return text


TEXTS = st.one_of(WRITTEN_FILES.map(as_text), st.sampled_from(EXAMPLES))
WITH_A_WRONG_PART = with_a_wrong_part().map(in_utf_8)
MENDED_TEXTS = cut_and_mended(TEXTS, PIECES).map(in_utf_8)
MENDED_BYTES = st.one_of(
    cut_and_mended(TEXTS.map(in_utf_8), st.binary(max_size=4)),
    TEXTS.map(lambda text: text.encode("utf-16")),
    st.text(max_size=50).map(in_utf_8),
    st.binary(max_size=50),
)
