"""Machines with scarce resources, and users with few privileges."""

from support.places.environments.environment import (
    DONE_OR_NOT,
    DONE_OR_REFUSED,
    NAMESPACE,
    NOT_STARTED,
    RAY,
    READS,
    TRAINS,
    USER,
    WRITES,
    Environment,
)

# Either fitgap or Ray, while it starts, may notice the shortage.
TOO_LITTLE = {**dict.fromkeys((READS, WRITES, TRAINS), DONE_OR_REFUSED), RAY: DONE_OR_NOT}
ON_RAY = ("run on Ray",)
# Another user, who has their own home and temporary folder and owns the database.
AS_OTHER = 'eval "$REACH"; chmod 755 $STAGE; chown -R $OTHER $WORK $HOME $TMPDIR'


def control_group(kind: str, *limits: str) -> str:
    """Shell lines that put the command into a control group with limits such as `memory.max=500M`."""
    folder = f'"$GROUPS_FOLDER/{kind}/$FITGAP_PLACE"'
    settings = [f"echo {limit.partition('=')[2]} >{folder}/{limit.partition('=')[0]}" for limit in limits]
    return "; ".join([f"mkdir {folder}", *settings, f"echo $$ >{folder}/cgroup.procs"])


MACHINES = (
    Environment("20 file descriptors", under="prlimit --nofile=20", codes=TOO_LITTLE, sample=("run",)),
    Environment("32 file descriptors", under="prlimit --nofile=32", codes=TOO_LITTLE, sample=("run in processes",)),
    Environment(
        "64 file descriptors",
        under="prlimit --nofile=64",
        codes={RAY: DONE_OR_NOT},
        sample=("run in processes",),
    ),
    Environment(
        "20 file descriptors until one asks for more",
        under="prlimit --nofile=20:4096",
        codes=TOO_LITTLE,
        sample=("run",),
    ),
    Environment("2 GB of addresses", under="prlimit --as=2000000000", codes=TOO_LITTLE, sample=("run",)),
    Environment("a small stack", under="prlimit --stack=1000000", codes={RAY: DONE_OR_NOT}, sample=("run",)),
    Environment("one core of many", under="taskset -c 0", sample=("run in processes",)),
    # At this priority, training takes long while other tests run.
    Environment("the lowest priority", under="nice -n 19", sample=("trials",)),
    Environment(
        "half a core in a container",
        control_group("cpu", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000"),
        needs=frozenset({"groups"}),
        sample=("run",),
    ),
    Environment(
        "600 MB in a container",
        control_group("memory", "memory.limit_in_bytes=600M"),
        needs=frozenset({"groups"}),
        codes={RAY: DONE_OR_NOT},
        sample=("run in processes",),
    ),
    Environment(
        "little /dev/shm",
        "mount -t tmpfs -o size=1m tmpfs /dev/shm",
        needs=NAMESPACE,
        sample=ON_RAY,
    ),
    Environment(
        "read-only /dev/shm",
        "mount -t tmpfs -o ro tmpfs /dev/shm",
        needs=NAMESPACE,
        codes={RAY: DONE_OR_NOT},
        sample=("run in processes",),
    ),
    Environment(
        "no /dev/shm",
        "mount -t tmpfs tmpfs /dev; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9; "
        "mknod -m 666 /dev/zero c 1 5",
        needs=NAMESPACE,
        codes={RAY: DONE_OR_NOT},
        sample=("run in processes",),
    ),
    Environment("no loopback", under="unshare --net", needs=NAMESPACE, codes={RAY: NOT_STARTED}),
    Environment("no /proc", "mount -t tmpfs tmpfs /proc", needs=NAMESPACE, codes={RAY: DONE_OR_NOT}),
    Environment(
        "a proxy that does not answer",
        "export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9",
        sample=("run in processes",),
    ),
    Environment("another user", AS_OTHER, "$NOBODY", needs=USER | NAMESPACE, sample=("run in processes",)),
    Environment(
        "a user without a name",
        AS_OTHER.replace("$OTHER", "54321"),
        "setpriv --reuid=54321 --regid=54321 --clear-groups",
        needs=USER | NAMESPACE,
        sample=("run in processes",),
    ),
    Environment("root without privileges", under="$UNPRIVILEGED", needs=USER, sample=("run in processes",)),
    Environment(
        "an empty environment",
        under="env -i PATH=/usr/bin:/bin FITGAP_PLACE=$FITGAP_PLACE PYTHONDONTWRITEBYTECODE=1",
        sample=("run",),
    ),
    Environment("no terminal and a session of its own", under="setsid --wait", sample=("run",)),
    Environment("nohup", under="nohup", sample=("run",)),
    Environment("a time limit", under="timeout 100", sample=("run in processes",)),
)
