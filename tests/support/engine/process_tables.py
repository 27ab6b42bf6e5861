"""Processes as the kernel lists them: descendants, command lines, and listening addresses."""

import os
from pathlib import Path


def descendants(root):
    """The descendants of `root`, each with its start time, because process IDs are reused."""
    parents, started = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)], started[int(entry.name)] = int(fields[1]), fields[19]
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return {(process, started[process]) for process in found[1:]}


def alive(process, started):
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == started and fields[0] != "Z"


def command_line(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def sockets_of(process):
    """The inodes of the sockets that a process holds."""
    inodes = set()
    try:
        for link in Path(f"/proc/{process}/fd").iterdir():
            target = os.readlink(link)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except OSError:
        pass
    return inodes


def listening_addresses(processes):
    """The addresses at which processes accept TCP connections, in the kernel's hexadecimal format."""
    inodes = set().union(*map(sockets_of, processes))
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                addresses.add(fields[1].partition(":")[0])
    return addresses


def is_loopback(address):
    """127.0.0.0/8, ::1 or the former mapped into IPv6; words of four bytes in the byte order of this machine."""
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    flat = b"".join(words)
    if len(flat) == 4:
        return flat[0] == 127
    return flat == bytes(15) + b"\1" or (flat[:12] == bytes(10) + b"\xff\xff" and flat[12] == 127)
