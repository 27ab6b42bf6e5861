"""Decoding of text files: UTF-8, UTF-16, and the encodings of older Windows and Unix programs."""

import codecs

from fitgap.runner.data.error_texts import file_error, visible

UTF_8, WINDOWS = "utf-8", "cp1252"
MARKS = {codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Texts in the Latin alphabet have few letters outside ASCII; more suggest another alphabet.
MOST_FOREIGN = 0.4
# Bytes that have no meaning in Windows-1252.
UNDEFINED = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


def find_encoding(source: str, content: bytes) -> str:
    """The encoding of a text; DataError if it cannot be determined."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    if (guess := utf_16_without_mark(content)) is not None:
        return guess
    if b"\0" in content[:65536]:
        raise file_error(source, "this is neither a text file nor another format that fitgap reads; save it as CSV")
    if content.isascii():
        return UTF_8
    try:
        content.decode(UTF_8)
    except UnicodeDecodeError as error:
        check_latin(source, content, error)
        return WINDOWS if not any(byte in content for byte in UNDEFINED) else "latin-1"
    return UTF_8


def utf_16_without_mark(content: bytes) -> str | None:
    """UTF-16 by its zero bytes: in Latin text, every other byte is zero."""
    start = content[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if len(start) < 4 or max(even, odd) < 0.4 * len(start) / 2 or min(even, odd) > 0.05 * len(start):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def check_latin(source: str, content: bytes, error: UnicodeDecodeError) -> None:
    """Raise DataError unless a text that is not UTF-8 is probably in the Latin alphabet."""
    foreign = sum(byte > 0x7F for byte in content[:65536])
    letters = sum(byte > 0x40 for byte in content[:65536])
    if foreign > MOST_FOREIGN * max(letters, 1):
        line = content.count(b"\n", 0, error.start) + 1
        rule = f"line {line} is not valid UTF-8, and the encoding cannot be detected"
        raise file_error(source, f"{rule}; name it with --encoding or data.encoding, such as cp1251 or gbk")


def decoded(source: str, content: bytes, encoding: str) -> str:
    """The text with \\n line endings and no trailing blank lines; DataError if it is not in this encoding."""
    try:
        text = content.decode("utf-8-sig" if encoding == UTF_8 else encoding)
    except LookupError:
        rule = f"there is no encoding '{visible(encoding)}'; common ones are utf-8, utf-16, cp1252 and latin-1"
        raise file_error(source, rule) from None
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        name = "UTF-8" if encoding == UTF_8 else visible(encoding)
        advice = "save the file as UTF-8, or name its encoding with --encoding or data.encoding"
        raise file_error(source, f"line {line} is not valid {name}; {advice}") from None
    if not isinstance(text, str):
        raise file_error(source, f"'{visible(encoding)}' is not an encoding of text; choose utf-8 or cp1252")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
