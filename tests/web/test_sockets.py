"""The addresses on which the page listens."""

import os
import re
from pathlib import Path

import pytest

LISTENING = "0A"
LOOPBACK = "0100007F"


def sockets_of(process):
    """The local addresses on which a process listens, in the kernel's notation."""
    links = [os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()]
    own = {found.group(1) for found in (re.match(r"socket:\[(\d+)\]", link) for link in links) if found}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[9] in own and row[3] == LISTENING]


@pytest.mark.xdist_group("browser")
def test_the_page_listens_only_on_this_machine(site):
    (address,) = sockets_of(site.process.pid)
    assert address.split(":")[0] == LOOPBACK
