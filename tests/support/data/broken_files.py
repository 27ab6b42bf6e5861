"""Data files that are valid or almost valid: mutated bytes, arrays and columns of every kind, and traps."""

import io
import zipfile
from pathlib import Path

import numpy as np
import polars
from hypothesis import strategies as st

CELLS = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        ["a", "b", "0", "1", "true", "FALSE", "", " ", "NA", "nan", "inf", "-inf", "1e400", "1,5", "1_0", "٣"]
    ),
    st.sampled_from(
        ["2020-01-31", "1/2/2020", "Jan 2020", "12:30", "1.234,5", "1,234", "01", "#", "# a", "?", "-", "None"]
    ),
    st.sampled_from(['"', '""', '"a', 'a"b', '"a\nb"', "\0", "\x1b[31m", "=1+1", "\u2028", "\ufeff", "\r", "x" * 3000]),
    st.text(max_size=5),
)
NAMES = st.sampled_from(["target", "a", "b", "c", "", " a ", '"q"', "target=a", "a=b", "=x", "\x07", "ä"])
SEPARATORS = st.sampled_from([",", ",", ",", ";", "\t"])


@st.composite
def tables(draw):
    """The text of a CSV file; most lines have the same number of fields."""
    names = ["target", *draw(st.lists(NAMES, min_size=1, max_size=3))]
    widths = st.one_of(st.just(len(names)), st.just(len(names)), st.integers(0, 5))
    rows = draw(st.lists(widths.flatmap(lambda width: st.lists(CELLS, min_size=width, max_size=width)), max_size=8))
    separator, end = draw(SEPARATORS), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return end.join(separator.join(row) for row in [names, *rows]) + draw(st.sampled_from(["", end]))


def in_utf_8(text):
    """Text encoded as UTF-8, including lone surrogates."""
    return text.encode("utf-8", "surrogatepass")


def plain_table(rows=12):
    """A CSV file that can be trained on."""
    lines = [f"{number % 3}.5,{number},{'ab'[number % 2]}" for number in range(rows)]
    return "\n".join(["a,b,target", *lines]).encode()


@st.composite
def mutated(draw, contents, pieces):
    """Bytes of which some have been replaced, removed or inserted."""
    content = draw(contents)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 1, 2, 8, 64])))
        content = content[:start] + draw(pieces) + content[end:]
    return content


class Trap:
    """Unpickling it creates a file called `canary` in the current folder."""

    def __reduce__(self):
        return Path("canary").touch, ()


SHAPES = st.sampled_from([(), (0,), (1,), (4,), (12,), (0, 2), (2, 0), (4, 2), (12, 2), (12, 1), (4, 1, 1), (1, 12)])
KINDS = st.sampled_from(
    [
        *("f8", "f4", "f2", ">f8", "g", "i8", "u1", ">i2", "?", "c16", "U3", "U0", "S3", "S0", "V3", "M8[s]", "m8[D]"),
        *("i4,f8", "(2,)f8", "O"),
    ]
)


@st.composite
def arrays(draw):
    """An array of any shape and kind, filled with zeros, numbers or random bytes."""
    shape, kind = draw(SHAPES), np.dtype(draw(KINDS))
    if kind.kind == "O":
        return np.full(shape, Trap())
    filling = draw(st.sampled_from(["zeros", "numbers", "bytes"]))
    if filling == "numbers" and kind.kind in "fiu":
        return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind)
    made = np.zeros(shape, kind)
    # Random bytes are not valid text.
    if filling == "bytes" and kind.kind not in "UO?" and made.nbytes:
        made = np.frombuffer(draw(st.binary(min_size=made.nbytes, max_size=made.nbytes)), made.dtype).reshape(
            made.shape
        )
    return made


def archive_of(named, compressed=False):
    """The bytes of an NPZ file; objects are pickled."""
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **named)
    return content.getvalue()


def archives():
    """NPZ files of random arrays."""
    names = st.sampled_from(["inputs", "targets", "inputs", "targets", "other", "a/b", "../canary", "ä"])
    return st.builds(archive_of, st.dictionaries(names, arrays(), max_size=4), st.booleans())


def plain_archive():
    """An NPZ file that can be trained on."""
    return archive_of({"inputs": np.arange(24.0).reshape(12, 2), "targets": np.arange(12) % 2})


def trap_archive():
    """An archive with a pickle in place of an array."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("inputs", "targets"):
            array = io.BytesIO()
            np.save(array, np.array([Trap()]), allow_pickle=True)
            archive.writestr(f"{name}.npy", array.getvalue())
    return content.getvalue()


FRAMES = [
    {"a": [1.0, 2.0, 3.0], "target": ["x", "y", "x"]},
    {"a": [1, None, 3], "b": [True, False, None], "target": [0, 1, 0]},
    {"a": [[1, 2], [3], []], "target": [0, 1, 0]},
    {"a": [{"x": 1}, {"x": 2}, None], "target": [0, 1, 0]},
    {"a": [b"x", b"", None], "target": [0.5, float("nan"), float("inf")]},
    {"a": [None, None, None], "target": ["", "x", "y"]},
    {"a": ["x" * 5000, "\x1b[31m", ""], "target": [2**62, -(2**62), 0]},
]


def parquet_of(frame, compression="zstd"):
    """The bytes of a Parquet file."""
    content = io.BytesIO()
    polars.DataFrame(frame).write_parquet(content, compression=compression)
    return content.getvalue()


PIECES_OF_TABLES = st.one_of(
    st.sampled_from([",", "\n", "\r", '"', '""', ",,", ";", "\0", "nan", "inf", "1e400", "-", " ", "\ufeff"]), CELLS
).map(in_utf_8)
PIECES_OF_ARCHIVES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x01\x02", b"\x93NUMPY", b"'descr': '|O'", b"99999999999", b"\xff" * 8]),
)
TABLES = st.one_of(
    mutated(st.just(plain_table()), PIECES_OF_TABLES),
    tables().map(in_utf_8),
    mutated(st.just(plain_table()), st.binary(max_size=8)),
    st.binary(max_size=100),
)
ARCHIVES = st.one_of(
    archives(),
    mutated(archives(), PIECES_OF_ARCHIVES),
    mutated(st.just(plain_archive()), PIECES_OF_ARCHIVES),
    st.just(trap_archive()),
    mutated(st.just(trap_archive()), PIECES_OF_ARCHIVES),
)
PARQUETS = st.one_of(
    st.sampled_from(FRAMES).map(parquet_of),
    mutated(st.sampled_from(FRAMES).map(parquet_of), st.binary(max_size=8)),
    mutated(st.sampled_from(FRAMES).map(lambda frame: parquet_of(frame, "uncompressed")), st.binary(max_size=8)),
    st.binary(max_size=60).map(lambda content: b"PAR1" + content + b"PAR1"),
)
