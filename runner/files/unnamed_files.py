"""Nameless files, for data shared between processes of this machine."""

import os
import tempfile


def nameless_file(purpose: str) -> int:
    """A new file that disappears with the last process that has it open; in memory if the system supports that."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(purpose)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
