"""Files without a name, for what processes of this machine share."""

import os
import tempfile


def nameless_file(purpose: str) -> int:
    """A new file that goes away with the last process that has it open: in memory, where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(purpose)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
