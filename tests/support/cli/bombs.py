"""Small files that would cause endless work or use up memory: sweep files as text, data files as bytes."""

import io
import zipfile

import numpy as np
import polars

# Just under the maximum size of a sweep file.
SIZE = 256 * 1024 - 100
DATA = "data: digits\n"


def filled(piece, size=SIZE):
    """A text of this size that repeats one piece."""
    return (piece * (size // len(piece) + 1))[:size]


def numbers(count, step="e-6"):
    return ",".join(f"{number + 1}{step}" for number in range(count))


ALIASES = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
ADAMS = ", ".join(f"{name}: [{numbers(1000, 'e-4')}]" for name in ("rate", "beta_1", "beta_2", "epsilon"))
SWEEPS = {
    "aliases": ALIASES,
    "aliases in a list": f"{DATA}x: &a 1\naxes: [{filled('*a,')}]",
    "nested lists": f"{DATA}axes: {filled('[')}",
    "nested mappings": f"{DATA}axes: {filled('{a: ')}",
    "nested blocks": f"{DATA}axes:\n{filled('- ')}",
    "nested keys": filled("? "),
    "indented keys": "".join(" " * depth + "a:\n" for depth in range(700)),
    "many values": f"{DATA}axes: {{epochs: [{filled('1,')}1]}}",
    "many empty mappings": f"{DATA}axes: [{filled('{},')}]",
    "many keys": f"{DATA}axes:\n" + "".join(f"  k{number}: 1\n" for number in range(20_000)),
    "one key many times": DATA + filled("seed: 1\n"),
    "many anchors": f"{DATA}axes:\n" + "".join(f"  k{number}: &a{number} 1\n" for number in range(14_000)),
    "many targets": "data: {source: a.csv, target: [" + filled("a,") + "]}",
    "many documents": filled("---\n"),
    "many lines of one text": f"{DATA}name: " + filled("x\n  "),
    "a long text": f"{DATA}name: {filled('x')}",
    "a long escaped text": f'{DATA}name: "' + filled("\\x41") + '"',
    "a long tag": f"{DATA}axes: !{filled('a')} 1",
    "a long whole number": f"{DATA}seed: {filled('9')}",
    "a long number to the base 60": f"%YAML 1.1\n---\n{DATA}seed: {filled('1:')}1",
    "a long fraction to the base 60": f"%YAML 1.1\n---\n{DATA}seed: {filled('1:')}1.0",
    "a long source": f"data: {filled('x')}",
    "a long path": f"data: {filled('x/')}",
    "a long architecture": f"{DATA}axes: {{architecture: {filled('1-')}1}}",
    "many functions": f"{DATA}axes: {{activation: '{filled('relu/')}relu'}}",
    "many regularizers": f"{DATA}axes: {{regularizer: '{filled('l1:weight=1+')}'}}",
    "many settings": f"{DATA}axes: {{optimizer: 'adam:{filled('rate=1,')}'}}",
    "blanks in shorthand": f"{DATA}axes: {{regularizer: '{filled(' ')}'}}",
    "signs in shorthand": f"{DATA}axes: {{regularizer: '{filled('+ ')}'}}",
    "10^12 trials of many axes": f"{DATA}axes:\n"
    + "".join(f"  {axis}: [{numbers(1000, '')}]\n" for axis in ("architecture", "epochs", "batch_size"))
    + f"  optimizer: {{adam: {{rate: [{numbers(1000)}]}}}}",
    "10^12 trials of one axis": f"{DATA}axes: {{optimizer: {{adam: {{{ADAMS}}}}}}}",
    "2^60 trials of layers": f"{DATA}axes: {{activation: {{"
    + ",".join(f"layer_{number}: [relu, silu]" for number in range(1, 61))
    + "}}",
    "too large": "x" * (10 * 2**20),
}


def archive(**arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def head_of(kind, shape):
    """The header of an array of numbers in an archive."""
    told = str({"descr": kind, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(told).to_bytes(2, "little") + told


def boasting_archive():
    """An archive whose array headers promise far more data than it contains."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as entries:
        entries.writestr("inputs.npy", head_of("<f8", (10**11, 5)) + bytes(64))
        entries.writestr("targets.npy", head_of("<f8", (10**11,)) + bytes(64))
    return content.getvalue()


def zero_archive():
    """An archive of 300 MB of zeros, written in small parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as entries:
        with entries.open("inputs.npy", "w") as entry:
            entry.write(head_of("|u1", (10_000_000, 30)))
            for _ in range(300):
                entry.write(bytes(10**6))
        entries.writestr("targets.npy", head_of("|u1", (10_000_000,)) + bytes(10**7))
    return content.getvalue()


def archive_of(compression=zipfile.ZIP_STORED, **entries):
    """An archive with these bytes under these names; `__` stands for a dot."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        for name, each in entries.items():
            made.writestr(name.replace("__", "."), each)
    return content.getvalue()


TARGETS = head_of("<f8", (2,)) + bytes(16)
ZEROS = head_of("|u1", (10_000_000, 10)) + bytes(100_000_000)


def long_texts(different):
    """A column of 300 texts of a million characters each, which differ only at their ends, or not at all."""
    texts = ["x" * 1_000_000 + str(number * different) for number in range(300)]
    content = io.BytesIO()
    polars.DataFrame({"a": texts, "b": range(300)}).write_parquet(content, compression_level=9)
    return content.getvalue()


def crowded_archive():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as entries:
        for number in range(5_000):
            entries.writestr(f"a{number}.npy", b"")
    return content.getvalue()


def parquet(**columns):
    content = io.BytesIO()
    polars.DataFrame(columns).write_parquet(content)
    return content.getvalue()


# Functions that make the files, by name; they need memory themselves.
DATA_FILES = {
    "zeros.npz": zero_archive,
    "wide.npz": lambda: archive(inputs=np.zeros((2, 20_000_000), np.uint8), targets=np.arange(2.0)),
    "boasting.npz": boasting_archive,
    "crowded.npz": crowded_archive,
    "two_of_a_name.npz": lambda: archive_of(zipfile.ZIP_DEFLATED, inputs__npy=TARGETS, inputs=ZEROS, targets=TARGETS),
    "other_compression.npz": lambda: archive_of(zipfile.ZIP_LZMA, inputs__npy=ZEROS, targets__npy=TARGETS),
    "no_array.npz": lambda: archive_of(zipfile.ZIP_DEFLATED, inputs=bytes(300_000_000), targets__npy=TARGETS),
    "nothings.npz": lambda: archive_of(inputs__npy=head_of("<U0", (10**9, 10)), targets__npy=TARGETS),
    "no_rows.npz": lambda: archive_of(inputs__npy=head_of("<f8", (0, 10**15)), targets__npy=TARGETS),
    "long_items.npz": lambda: archive_of(inputs__npy=head_of("<U500000000", (2, 2)), targets__npy=TARGETS),
    "negative.npz": lambda: archive_of(inputs__npy=head_of("<f8", (-1, -(10**10))), targets__npy=TARGETS),
    "long_heading.npz": lambda: archive_of(
        zipfile.ZIP_DEFLATED,
        inputs__npy=b"\x93NUMPY\x02\x00" + (150_000_000).to_bytes(4, "little") + b" " * 150_000_000,
        targets__npy=TARGETS,
    ),
    "one_text.parquet": lambda: long_texts(different=False),
    "texts.parquet": lambda: long_texts(different=True),
    "bytes.parquet": lambda: parquet(a=[b"x" * 1_000_000] * 1000, b=range(1000)),
    "categories.parquet": lambda: parquet(
        a=polars.Series(["x" * 1_000_000] * 1000, dtype=polars.Categorical), b=range(1000)
    ),
    "zeros.parquet": lambda: parquet(a=polars.zeros(30_000_000, dtype=polars.Int64, eager=True)),
    "nested.parquet": lambda: parquet(a=[polars.zeros(10_000_000, dtype=polars.Int8, eager=True)], b=[1]),
    "wide.parquet": lambda: parquet(**{f"c{number}": [1, 2] for number in range(11_000)}),
    "wide.csv": lambda: b"," * 1_000_000,
    "wide_quoted.csv": lambda: b'"a\n"' + b",b" * 500_000,
    "wide_row.csv": lambda: b"a,b\n" + b"," * 1_000_000,
    "blank.csv": lambda: b"a,b\n" + b"\n" * 1_000_000 + b"1,2",
    "one_cell.csv": lambda: b"a,b\n1," + b"x" * 5_000_000,
    "open_quote.csv": lambda: b'a,b\n"' + b"x" * 5_000_000,
    "quotes.csv": lambda: b"a,b\n" + b'"' * 1_000_000,
    "categories.csv": lambda: b"a,b\n" + b"".join(b"x%d,%d\n" % (number, number) for number in range(100_000)),
    "columns.csv": lambda: b",".join(b"%050d" % number for number in range(9_000)) + b"\n" + b"1," * 8_999 + b"1",
}
