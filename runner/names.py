"""Validation of the names of sweeps, and of tags and notes on sweeps and trials."""

import re
import unicodedata

from fitgap.runner.errors import LabelError

SWEEP_NAME_RULE = "must be 1 to 64 letters, digits, dots, underscores or hyphens, and not only digits"
LONGEST_TAG, LONGEST_NOTE = 64, 4_000
# Control characters that are allowed in a note.
LAYOUT = ("\n", "\t")
# How an architecture begins: with a number of units, or with one of the other layers of `fitgap.core.layers`.
ARCHITECTURE = re.compile(r"\d+(-|$)|res\(|(conv|pool|avgpool|globalpool|rnn|gru|lstm|norm|res)(\d|:|-|$)")


def is_sweep_name(text: str) -> bool:
    """Whether a sweep may have this name: safe in a file name, and not a number, because numbers are ids."""
    return bool(re.fullmatch("[A-Za-z0-9._-]{1,64}", text)) and not text.isdigit()


def checked_sweep_name(text: str) -> str:
    """The name; LabelError if it is not a valid sweep name."""
    if not is_sweep_name(text):
        raise LabelError(f"the name {shortened(text)} {SWEEP_NAME_RULE}")
    return text


def checked_tag(text: str) -> str:
    """The tag without surrounding spaces; LabelError if it is too long, not printable, or contains a comma."""
    tag = text.strip()
    if not 1 <= len(tag) <= LONGEST_TAG or "," in tag or not tag.isprintable():
        rule = f"must be 1 to {LONGEST_TAG} characters, all of them visible, without commas"
        raise LabelError(f"the tag {shortened(text)} {rule}")
    return tag


def checked_note(text: str) -> str:
    """The note without surrounding spaces; LabelError if it is too long or contains control characters."""
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise LabelError(f"the note has {len(note):,} characters; it must have at most {LONGEST_NOTE:,}")
    # Cc: control characters; Cs: surrogates, from bytes that could not be decoded.
    wrong = next((each for each in note if unicodedata.category(each) in ("Cc", "Cs") and each not in LAYOUT), None)
    if wrong is not None:
        raise LabelError(f"the note contains {wrong!r}, a control character; remove it")
    return note


def shortened(text: str) -> str:
    """Text quoted and truncated for a message."""
    return repr(text if len(text) <= LONGEST_TAG else f"{text[:LONGEST_TAG]}…")


def plainer_settings(text: str) -> str:
    """Several settings such as `adam:rate=0.01, cosine` as tables show them: `adam 0.01, cosine`."""
    return ", ".join(map(plainer, text.split(", ")))


def plainer(shorthand: str) -> str:
    """Shorthand as a table shows it: `adam 0.01` for `adam:rate=0.01`, `l1 0.1 + l2 0.1` for two at once.

    Architectures stay as they are, such as `conv8x3:padding=same-norm`: their layers are joined without spaces.
    """
    if ARCHITECTURE.match(shorthand):
        return shorthand
    # A plus inside 1e+3 or beta+gamma does not join settings.
    text = re.sub(r":\w+=((?:[^,+/]|\+\d|\+gamma\b)+)(?=[+/]|$)", r" \1", shorthand)
    text = re.sub(r"\+(?!\d|gamma\b)", " + ", text)
    return text.replace(":", " ").replace(",", " ").replace("/", " / ")
