"""The bytes of data files."""

import os
from pathlib import Path

from fitgap.runner.data.bounds import check_file_size
from fitgap.runner.data.error_texts import file_error
from fitgap.runner.data.memory import is_in_memory, kept_content


def read_content(source: str) -> bytes:
    """The bytes of a file. Raises DataError if it is missing, not a file, of an unknown type, unreadable or empty."""
    if is_in_memory(source):
        return kept_content(source)
    check_address(source)
    try:
        path = path_of(source)
        check_path(source, path)
        check_file_size(source, path.stat().st_size)
        content = path.read_bytes()
    # A path with a null character raises ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise file_error(source, f"the file cannot be read: {reason}; check the path and its permissions") from None
    if not content.strip():
        raise file_error(source, "the file is empty; it must contain examples")
    return content


def check_address(source: str) -> None:
    """Raise DataError for the URL of a remote file."""
    scheme = source.partition("://")[0].lower()
    if "://" in source and scheme in ("http", "https", "ftp", "s3", "gs"):
        raise file_error(source, "fitgap reads files on this machine only; download the file and name its path")


def path_of(source: str) -> Path:
    """The path of a file. A name that the locale cannot encode is encoded as UTF-8, like sweep files."""
    try:
        os.fsencode(source)
    except UnicodeEncodeError:
        return Path(os.fsdecode(source.encode("utf-8", "surrogateescape")))
    return Path(source)


def check_path(source: str, path: Path) -> None:
    """Raise DataError unless `path` is an existing file."""
    if not path.exists():
        raise file_error(
            source, "there is no such file; check the path (in a sweep file, it starts at the folder of that file)"
        )
    if path.is_dir():
        raise file_error(source, "this is a folder; name a file in it")
    if not path.is_file():
        raise file_error(source, "this is neither a file nor a folder; save the data as a file first")
