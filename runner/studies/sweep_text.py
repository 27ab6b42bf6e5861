"""Sweep files as text: written so that people can read and change them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Text that YAML reads as itself without quotes.
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
RESERVED = ("true", "false", "null", "yes", "no", "on", "off")


def sweep_text(sweep: Mapping[str, Any], comments: Sequence[str]) -> str:
    """A sweep file with comments at its top; the axes have a line each."""
    lines = [f"# {comment}" for comment in comments]
    for key, value in sweep.items():
        if key == "axes":
            lines += ["axes:", *(f"  {axis}: {flow(alternatives)}" for axis, alternatives in value.items())]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """A value in one line, as YAML's flow style."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    # A share of 1.0 is all examples, but 1 is a single one.
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """Text with quotes if it needs them. Doubled quotes are the only escapes of single-quoted text."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return "'" + text.replace("'", "''") + "'"
