"""What people may call things: names of sweeps, tags and notes on sweeps and trials."""

import re
import unicodedata

from fitgap.runner.errors import LabelError

SWEEP_NAME_RULE = "must be 1 to 64 letters, digits, dots, underscores or hyphens, and not digits alone"
LONGEST_TAG, LONGEST_NOTE = 64, 4_000
# What a note may hold beside characters that can be seen.
LAYOUT = ("\n", "\t")


def is_sweep_name(text: str) -> bool:
    """Whether a sweep may have this name: it is no number, since numbers are ids, and safe in a file name."""
    return bool(re.fullmatch("[A-Za-z0-9._-]{1,64}", text)) and not text.isdigit()


def checked_sweep_name(text: str) -> str:
    """The name; LabelError where a sweep cannot have it."""
    if not is_sweep_name(text):
        raise LabelError(f"the name {shortened(text)} {SWEEP_NAME_RULE}")
    return text


def checked_tag(text: str) -> str:
    """The tag without spaces around it; LabelError for one that is too long or cannot be seen or listed."""
    tag = text.strip()
    if not 1 <= len(tag) <= LONGEST_TAG or "," in tag or not tag.isprintable():
        rule = f"must be 1 to {LONGEST_TAG} characters, all of them visible, without commas"
        raise LabelError(f"the tag {shortened(text)} {rule}")
    return tag


def checked_note(text: str) -> str:
    """The note; LabelError for one that is too long or holds characters that a terminal would obey."""
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise LabelError(f"the note has {len(note):,} characters; it must have at most {LONGEST_NOTE:,}")
    # Cc: control characters; Cs: bytes that were no characters.
    wrong = next((each for each in note if unicodedata.category(each) in ("Cc", "Cs") and each not in LAYOUT), None)
    if wrong is not None:
        raise LabelError(f"the note holds {wrong!r}, a control character; leave it out")
    return note


def shortened(text: str) -> str:
    """Text as a message quotes it."""
    return repr(text if len(text) <= LONGEST_TAG else f"{text[:LONGEST_TAG]}…")
