"""Detection of the file system of a folder, and of network file systems."""

import re
from pathlib import Path

from fitgap.runner.system.programs import output_of

MOUNTS = Path("/proc/self/mountinfo")
# On these, locks and shared memory do not work between machines, or do not work at all.
NETWORK = (
    *("acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"),
    *("nfs", "nfs4", "smb2", "smb3", "smbfs", "webdav"),
    *("fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
)


def is_network(kind: str) -> bool:
    """Whether this is the type of a network file system."""
    return kind in NETWORK


def file_system_of(folder: Path) -> str | None:
    """The type of a folder's file system, such as `ext4` or `nfs4`; None if unknown."""
    path = folder.resolve()
    found: tuple[int, str] | None = None
    for mounted_at, kind in mounts():
        # The longest mount point applies; of two at the same place, the later one hides the earlier.
        if path.is_relative_to(mounted_at) and (found is None or len(mounted_at.parts) >= found[0]):
            found = len(mounted_at.parts), kind
    return found[1] if found else None


def mounts() -> list[tuple[Path, str]]:
    """All mount points with the types of their file systems."""
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        # macOS prints `//server/share on /Volumes/share (smbfs, nodev, …)`.
        found = re.findall(r" on (/.*) \(([^,)]+)", output_of("mount") or "")
        return [(Path(folder), kind) for folder, kind in found]
    return [mount_of(line) for line in lines if " - " in line]


def mount_of(line: str) -> tuple[Path, str]:
    """The mount point and type in a line of Linux's mount table, where a space in a path is written `\\040`."""
    before, _, after = line.partition(" - ")
    folder = re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), before.split()[4])
    return Path(folder), after.split()[0]
