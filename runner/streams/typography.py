"""Replacement of unencodable characters: our own typography becomes ASCII, everything else backslash escapes."""

import codecs
import unicodedata

# The name under which the error handler is registered.
PLAIN = "fitgap-plain"
SUBSTITUTES = {
    **{"±": "+-", "×": "x", "…": "...", "·": "*", "√": "sqrt ", "−": "-", "‖": "||", "½": "1/2", "⊙": "*"},
    **{"–": "-", "—": "-", "‐": "-", "‑": "-", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≠": "!=", "′": "'"},
    **{"‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "∇": "nabla ", "∂": "d", "∞": "inf", "Σ": "sum"},
    **{"█": "#", "▓": "@", "░": ".", "▒": ":", "▲": "^", "▼": "v", "━": "-", "╸": "-", "╺": "-"},
    **dict.fromkeys("▉▊▋▌", "#"),
    **dict.fromkeys("▍▎▏▁▂", "."),
    **dict.fromkeys("▃▄▅▆▇", "o"),
    **dict.fromkeys("─╌┄═", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╞╡", "+"),
}
# Decomposition tags of superscript and subscript characters.
SET_OFF = ("<super>", "<sub>")


def replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """The error handler for encoding: returns the replacement and the position to continue from."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(substitute, error.object[error.start : error.end])), error.end


def substitute(character: str) -> str:
    """ASCII for one character."""
    return SUBSTITUTES.get(character) or greek_name(character) or plain_digit(character) or escaped(character)


def greek_name(character: str) -> str:
    """Such as `beta` or `Delta`; empty if this is not a Greek letter."""
    words = unicodedata.name(character, "").split()
    if len(words) != 4 or words[0] != "GREEK" or words[2] != "LETTER":
        return ""
    name = words[3].lower().replace("lamda", "lambda")
    return name.title() if words[1] == "CAPITAL" else name


def plain_digit(character: str) -> str:
    """The plain ASCII form of a superscript or subscript; empty if there is none."""
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    plain = chr(int(code, 16)) if kind in SET_OFF and " " not in code else ""
    return plain if plain.isascii() else ""


def escaped(character: str) -> str:
    """Such as `\\xe9`, also for undecodable bytes of file names."""
    return character.encode("ascii", "backslashreplace").decode()


def to_encoding(text: str, encoding: str | None, errors: str = PLAIN) -> str:
    """Text as it will appear after encoding with a handler, so that its width is known in advance."""
    return text.encode(encoding or "utf-8", errors).decode(encoding or "utf-8")


codecs.register_error(PLAIN, replace_unencodable)
