"""Keep tests of files with the same `xdist_group` in one process when several processes run the tests.

pytest-xdist 3.8 appends the group to an item's private `_nodeid`, which pytest 9.2 no longer has, so `--dist loadgroup`
has no effect.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

MARK = re.compile(r"""pytest\.mark\.xdist_group\("([^"]+)"\)""")


class GroupScheduling(LoadScopeScheduling):
    """Hands out the cases of one test function together, and all tests of a group.

    Handing out single cases would take longer: for each of them, xdist goes through all that were handed out before.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(self.config.rootpath / nodeid.partition("::")[0]) or nodeid.partition("[")[0]


@cache
def group_of(path: Path) -> str:
    """The group of all tests of a file, which other files may share; empty if there is none."""
    found = MARK.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found.group(1) if found else ""
