"""Characters that an encoding does not have: our own typography becomes ASCII, anything else a backslash escape."""

import codecs
import unicodedata

# The name under which streams find the handler.
PLAIN = "fitgap-plain"
SUBSTITUTES = {
    **{"±": "+-", "×": "x", "…": "...", "·": "*", "√": "sqrt ", "−": "-", "‖": "||", "½": "1/2", "⊙": "*"},
    **{"–": "-", "—": "-", "‐": "-", "‑": "-", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≠": "!=", "′": "'"},
    **{"‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "∇": "nabla ", "∂": "d", "∞": "inf", "Σ": "sum"},
    **{"█": "#", "▓": "@", "░": ".", "▒": ":", "▲": "^", "▼": "v", "━": "-", "╸": "-", "╺": "-"},
    **dict.fromkeys("▉▊▋▌", "#"),
    **dict.fromkeys("▍▎▏", "."),
    **dict.fromkeys("─╌┄═", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╞╡", "+"),
}
# Digits and letters set above or below the line, each with the plain one that it stands for.
SET_OFF = ("<super>", "<sub>")


def replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encoding: what to write instead, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(substitute, error.object[error.start : error.end])), error.end


def substitute(character: str) -> str:
    """ASCII for one character."""
    return SUBSTITUTES.get(character) or greek_name(character) or plain_digit(character) or escaped(character)


def greek_name(character: str) -> str:
    """Such as `beta` or `Delta`; nothing for what is no Greek letter."""
    words = unicodedata.name(character, "").split()
    if len(words) != 4 or words[0] != "GREEK" or words[2] != "LETTER":
        return ""
    name = words[3].lower().replace("lamda", "lambda")
    return name.title() if words[1] == "CAPITAL" else name


def plain_digit(character: str) -> str:
    """The ASCII character that is set above or below the line here."""
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    plain = chr(int(code, 16)) if kind in SET_OFF and " " not in code else ""
    return plain if plain.isascii() else ""


def escaped(character: str) -> str:
    """Such as `\\xe9`; a byte of a file name that is no text is escaped too."""
    return character.encode("ascii", "backslashreplace").decode()


def to_encoding(text: str, encoding: str | None, errors: str = PLAIN) -> str:
    """Text as it will be once an encoding and a handler have done their part, so that its width is known before."""
    return text.encode(encoding or "utf-8", errors).decode(encoding or "utf-8")


codecs.register_error(PLAIN, replace_unencodable)
