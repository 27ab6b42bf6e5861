"""Which tests share a process where several run them: those of files with the same `xdist_group`; others are spread.

pytest-xdist 3.8 appends the group to an item's private `_nodeid`, which pytest 9.2 no longer has, so that
`--dist loadgroup` keeps nothing together.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

MARK = re.compile(r"""pytest\.mark\.xdist_group\("([^"]+)"\)""")


class GroupScheduling(LoadScopeScheduling):
    """Hands out single tests, and the tests of a group as one."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self.config.rootpath / nodeid.partition("::")[0]) or nodeid


@cache
def group_of(path: Path) -> str:
    """The group of all tests of a file, which other files may have, too; empty if they need not stay together."""
    found = MARK.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found.group(1) if found else ""
