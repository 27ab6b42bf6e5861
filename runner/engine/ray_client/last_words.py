"""The last line that a process printed, without Ray's internal logs and stack traces."""

import re
from typing import BinaryIO

# Lines of Ray's log, such as `[2026-11-28 21:34:53,895 E 9672 10191] core_worker.cc:609: …`, and of traces in C++.
LOG_OR_TRACE = re.compile(
    r"\[\d{4}-|\(\w+( pid=\d+)?\)|\*\*\*|\s*@ |\s*/\S+\.so|StackTrace|Fatal Python error|Extension modules"
)


def last_words(printed: BinaryIO) -> str:
    """The last line that makes sense to users; empty if there is none."""
    printed.seek(0)
    lines = printed.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip() and not LOG_OR_TRACE.match(line)), "")
