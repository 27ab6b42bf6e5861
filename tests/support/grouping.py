"""Which tests share a process where several run them: those of a file with a mark `xdist_group`; all others are spread.

pytest-xdist 3.8 appends the group to an item's private `_nodeid`, which pytest 9.2 no longer has, so that
`--dist loadgroup` keeps nothing together.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

MARK = "pytest.mark.xdist_group("


class GroupScheduling(LoadScopeScheduling):
    """Hands out single tests, and the tests of a group as one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if has_group(self.config.rootpath / path) else nodeid


@cache
def has_group(path: Path) -> bool:
    """Whether the tests of a file are to stay together."""
    return path.is_file() and MARK in path.read_text(encoding="utf-8")
