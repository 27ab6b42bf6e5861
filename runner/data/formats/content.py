"""Recognition of file formats by content: the name of a file may be wrong or say nothing about it."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Callable
from typing import IO, Any

from fitgap.runner.data.bounds import check_growth, check_memory, growth_error, most_growth
from fitgap.runner.data.error_texts import file_error
from fitgap.runner.errors import DataError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NPZ, PARQUET, ARROW, JSON, SHEET, CSV = "NPZ", "Parquet", "Arrow", "JSON", "spreadsheet", "CSV"

# For each compression: its first bytes, and how a compressed file is opened.
COMPRESSIONS: dict[str, tuple[bytes, Callable[[IO[bytes]], Any]]] = {
    "gzip": (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    "zstd": (b"\x28\xb5\x2f\xfd", zstd.ZstdFile),
    "bzip2": (b"BZh", bz2.BZ2File),
    "xz": (b"\xfd7zXZ\x00", lzma.LZMAFile),
}
MOST_LAYERS = 3

# Known files that are not tables: their first bytes, what they are, and what to do instead.
OTHER_FILES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x80\x02", "a pickle, which could run code when loaded", "save the data as Parquet or CSV"),
    (b"\x80\x03", "a pickle, which could run code when loaded", "save the data as Parquet or CSV"),
    (b"\x80\x04", "a pickle, which could run code when loaded", "save the data as Parquet or CSV"),
    (b"\x80\x05", "a pickle, which could run code when loaded", "save the data as Parquet or CSV"),
    (b"\x89HDF", "an HDF5 file", "save the data as Parquet or CSV"),
    (b"SQLite format 3\x00", "an SQLite database", "save one table as CSV"),
    (b"%PDF", "a PDF document", "save the data as CSV"),
    (b"\x89PNG", "an image", "save the data as CSV or NPZ"),
    (b"\xff\xd8\xff", "an image", "save the data as CSV or NPZ"),
    (b"GIF8", "an image", "save the data as CSV or NPZ"),
    (b"\x93NUMPY", "a single NumPy array", "save two arrays with numpy.savez(FILE, inputs=…, targets=…)"),
    (b"FEA1", "a Feather file of version 1", "save it as version 2 or Parquet"),
    (b"RDX", "an R workspace", "save the table with write.csv"),
    (b"<stata_dta>", "a Stata file", "save the data as CSV"),
    (b"$FL2", "an SPSS file", "save the data as CSV"),
    (b"<!doctype html", "an HTML page", "download the data file itself"),
    (b"<html", "an HTML page", "download the data file itself"),
)


def unpacked(source: str, content: bytes) -> bytes:
    """The content of a file without compression; DataError if it is damaged or would grow implausibly."""
    for _ in range(MOST_LAYERS):
        opener = next((opener for mark, opener in COMPRESSIONS.values() if content.startswith(mark)), None)
        if opener is not None:
            content = decompressed(source, content, opener)
        elif is_zipped_file(content):
            content = only_member(source, content)
        else:
            break
    if not content.strip():
        raise file_error(source, "the file is empty; it must contain examples")
    return content


def decompressed(source: str, content: bytes, opener: Callable[[IO[bytes]], Any]) -> bytes:
    """The content of a compressed file."""
    limit = most_growth(len(content))
    try:
        with opener(io.BytesIO(content)) as file:
            found: bytes = file.read(limit + 1)
    # The four libraries raise different exceptions.
    except Exception as error:
        raise damaged(source, error) from None
    if len(found) > limit:
        raise growth_error(source, len(content), len(found))
    check_memory(source, len(found))
    return found


def is_zipped_file(content: bytes) -> bool:
    """Whether this is a ZIP archive with one file that is neither an array nor part of a document."""
    names = member_names(content)
    return len(names) == 1 and not names[0].endswith(".npy")


def member_names(content: bytes) -> list[str]:
    """The files in a ZIP archive; none if it is not an archive or is damaged."""
    if not content.startswith(b"PK"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return []


def only_member(source: str, content: bytes) -> bytes:
    """The only file in a ZIP archive."""
    (name,) = member_names(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_growth(source, archive.getinfo(name).file_size, len(content))
            return archive.read(name)
    except DataError:
        raise
    except Exception as error:
        raise damaged(source, error) from None


def damaged(source: str, error: Exception) -> DataError:
    """The error for a compressed file that cannot be decompressed."""
    reason = str(error).partition("\n")[0][:200] or type(error).__name__
    return file_error(source, f"the compressed file is damaged ({reason}); write or copy it again")


def kind_of(source: str, content: bytes) -> str:
    """The format of a file's content; DataError for a known kind of file that is not a table."""
    for mark, what, advice in OTHER_FILES:
        if content[: len(mark)].lower() == mark.lower():
            raise file_error(source, f"this is {what}, which fitgap does not read; {advice}")
    if content.startswith(b"PK"):
        return archive_kind(source, content)
    if content.startswith(b"PAR1"):
        return PARQUET
    if content.startswith(b"ARROW1"):
        return ARROW
    # Spreadsheets of the kind that Excel wrote until 2003.
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return SHEET
    start = content.removeprefix(b"\xef\xbb\xbf")[:4096].lstrip()
    return JSON if start.startswith((b"{", b"[")) and looks_like_json(start) else CSV


def looks_like_json(start: bytes) -> bool:
    """Whether text that starts with a bracket continues as JSON: with a value or a closing bracket."""
    return start[1:].lstrip()[:1] in (b'"', b"{", b"[", b"}", b"]", b"-", *(b"%d" % digit for digit in range(10)))


def archive_kind(source: str, content: bytes) -> str:
    """The format of a ZIP archive: arrays of NumPy, or a spreadsheet."""
    names = member_names(content)
    if any(name.startswith("xl/") for name in names) or {"content.xml", "mimetype"} <= set(names):
        return SHEET
    if names and not any(name.endswith(".npy") for name in names):
        raise file_error(source, f"this ZIP archive has {len(names)} files; unpack it and name one of them")
    return NPZ
