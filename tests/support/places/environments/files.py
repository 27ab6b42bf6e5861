"""Databases and folders that are read-only, full, deleted, owned by another user, or oddly named."""

from support.places.environments.environment import (
    ASKS,
    DONE,
    DONE_OR_NOT,
    DONE_OR_REFUSED,
    NAMESPACE,
    PREDICTS,
    RAY,
    READS,
    REFUSED,
    REPLAYS,
    SAVES,
    TRAINS,
    USER,
    WRITES,
    Environment,
)

ONLY_READING = {WRITES: REFUSED, TRAINS: REFUSED, REPLAYS: DONE}
# The database cannot be reached.
NO_DATABASE = {READS: REFUSED, WRITES: REFUSED, TRAINS: REFUSED, ASKS: DONE}
WITHOUT_PRIVILEGE = "$UNPRIVILEGED"
WITHOUT_ROOM = {READS: DONE_OR_REFUSED, WRITES: DONE_OR_REFUSED, TRAINS: REFUSED, REPLAYS: DONE_OR_REFUSED}
# SQLite cannot open a file whose path is longer than 512 bytes.
TOO_LONG = dict.fromkeys((READS, WRITES, TRAINS), DONE_OR_REFUSED)
MOVE = 'mkdir -p "$NEW"; mv fitgap.db new.csv "$NEW"; cd "$NEW"'
ELSEWHERE = 'mkdir "$STAGE/kept"; mv fitgap.db new.csv "$STAGE/kept"; export FITGAP_DB="$STAGE/kept/fitgap.db"'
# Another user can read everything up to here, but write nothing.
OTHERS = (
    'eval "$REACH"; chmod 755 . $STAGE; chmod 644 fitgap.db new.csv; chmod 1777 $TMPDIR; '
    "mkdir $STAGE/other; chown $OTHER $STAGE/other; export HOME=$STAGE/other"
)

FILES = (
    Environment(
        "a read-only database",
        "chmod 444 fitgap.db",
        WITHOUT_PRIVILEGE,
        codes={**ONLY_READING, SAVES: DONE},
        says="fitgap.db",
        sample=("run", "trials", "tag"),
    ),
    Environment(
        "a read-only folder",
        "chmod 444 fitgap.db; chmod 555 .",
        WITHOUT_PRIVILEGE,
        codes=ONLY_READING,
        says="fitgap.db",
        sample=("run", "trials", "tag", "export"),
    ),
    Environment(
        "a read-only folder, the database not",
        "chmod 555 .",
        WITHOUT_PRIVILEGE,
        codes=ONLY_READING,
        sample=("run", "trials", "tag"),
    ),
    Environment(
        "a read-only disk",
        "mount --bind . . && mount -o remount,bind,ro . && cd $WORK",
        needs=NAMESPACE,
        codes=ONLY_READING,
        says="fitgap.db",
        sample=("run", "trials", "db status"),
    ),
    Environment(
        "another's database",
        OTHERS,
        "$NOBODY",
        needs=USER | NAMESPACE,
        codes=ONLY_READING,
        says="fitgap.db",
        sample=("run", "trials", "tag"),
    ),
    Environment(
        "another's database in a folder for all",
        f"{OTHERS}; chmod 1777 .",
        "$NOBODY",
        needs=USER | NAMESPACE,
        codes={**ONLY_READING, WRITES: DONE_OR_REFUSED, SAVES: DONE},
        sample=("run", "trials", "export"),
    ),
    Environment(
        "a database one may not read",
        "chmod 000 fitgap.db",
        WITHOUT_PRIVILEGE,
        codes=NO_DATABASE,
        says="fitgap.db",
        sample=("run",),
    ),
    Environment(
        "a full disk",
        "mkdir full; mount -t tmpfs -o size=600k tmpfs full; cp fitgap.db new.csv full; cd full; "
        "dd if=/dev/zero of=filler 2>/dev/null; true",
        needs=NAMESPACE,
        codes=WITHOUT_ROOM,
        sample=("run",),
    ),
    Environment(
        "no file may be larger than a kilobyte",
        under="prlimit --fsize=1000",
        codes=WITHOUT_ROOM,
        sample=("run",),
    ),
    Environment(
        "the current folder is deleted",
        f"{ELSEWHERE}; mkdir gone; cd gone; rmdir $WORK/gone",
        codes={SAVES: REFUSED, PREDICTS: REFUSED},
        sample=("run in processes",),
    ),
    Environment(
        "the current folder is deleted, the database was in it",
        'mkdir gone; mv fitgap.db new.csv gone; cd gone; rm -r "$WORK/gone"',
        codes=NO_DATABASE,
        sample=("run",),
    ),
    # Commands that need a file find a link to it.
    Environment(
        "the current folder may not be read",
        f'{ELSEWHERE}; ln -s "$STAGE/kept/"* .; chmod 300 .',
        WITHOUT_PRIVILEGE,
        sample=("run",),
    ),
    Environment(
        "spaces and Unicode everywhere",
        f'NEW="a b/Größe 名 ☃"; {MOVE}; mkdir home tmp; export HOME="$PWD/home" TMPDIR="$PWD/tmp"',
        sample=("run", "predict"),
    ),
    Environment("quotes and dollars", f"""NEW='it'"'"'s "$HOME" `x`; &'; {MOVE}""", sample=("run",)),
    Environment("signs of addresses", f"NEW='a?mode=ro#b%41&c=d:e'; {MOVE}", sample=("run", "trials", "tag")),
    Environment("a folder like a flag", f"NEW=./--db; {MOVE}", sample=("run",)),
    Environment("a line break", f'NEW="one\ntwo"; {MOVE}', sample=("run",)),
    Environment("a path that is not UTF-8", f'NEW="$(printf "a\\377b")"; {MOVE}', sample=("run",)),
    Environment("markup", f"NEW='[bold]a[/x]:smile:'; {MOVE}", sample=("run",)),
    Environment(
        "a very long path",
        f'NEW="$(for each in 1 2 3 4; do printf "%0200d/" $each; done)"; {MOVE}',
        codes=TOO_LONG,
        sample=("run",),
    ),
    Environment(
        "the database is a link",
        'mkdir "$STAGE/kept"; mv fitgap.db "$STAGE/kept/real.db"; ln -s "$STAGE/kept/real.db" fitgap.db',
        sample=("run",),
    ),
    Environment(
        "the folder is a link",
        'ln -s "$WORK" "$STAGE/link"; cd "$STAGE/link"; export PWD="$STAGE/link"',
        sample=("run",),
    ),
    Environment("nobody else may read what is written", "umask 077", sample=("run", "trials as a file")),
    Environment("everybody may write what is written", "umask 000", sample=("run", "trials as a file")),
    Environment("HOME is not set", "unset HOME", sample=("run",)),
    Environment("HOME does not exist", "export HOME=/nonexistent", sample=("run",)),
    Environment("HOME is empty", "export HOME=", sample=("run",)),
    Environment("HOME is a file", 'export HOME="$WORK/new.csv"', sample=("run",)),
    Environment("HOME is read-only", 'chmod 555 "$HOME"', WITHOUT_PRIVILEGE, sample=("run in processes",)),
    Environment("TMPDIR does not exist", "export TMPDIR=/nonexistent", sample=("run in processes",)),
    Environment("TMPDIR is a file", 'export TMPDIR="$WORK/new.csv"', sample=("run in processes",)),
    Environment("TMPDIR is relative", "export TMPDIR=.", sample=("run in processes",)),
    Environment("TMPDIR is not set", "unset TMPDIR", needs=NAMESPACE, sample=("run in processes",)),
    Environment("TMPDIR is read-only", 'chmod 555 "$TMPDIR"', WITHOUT_PRIVILEGE, sample=("run in processes",)),
    Environment(
        "TMPDIR is long",
        'TMPDIR="$TMPDIR/$(printf "%0120d" 1)"; export TMPDIR; mkdir "$TMPDIR"',
        sample=("run on Ray",),
    ),
    Environment(
        "TMPDIR is full",
        'mount -t tmpfs -o size=4k tmpfs "$TMPDIR"; dd if=/dev/zero of="$TMPDIR/filler" 2>/dev/null; true',
        needs=NAMESPACE,
        sample=("run in processes",),
    ),
    Environment(
        "another's ray in TMPDIR",
        'mkdir -m 700 "$TMPDIR/ray"; chown $OTHER "$TMPDIR/ray"',
        WITHOUT_PRIVILEGE,
        needs=USER,
        sample=("run on Ray",),
    ),
    Environment(
        "no temporary folder can be written to",
        "mount --bind $STAGE $STAGE; mount --rbind /var/tmp /var/tmp; mount -o remount,bind,ro /var/tmp; "
        "mount -t tmpfs -o ro tmpfs /tmp; chmod 555 $TMPDIR $HOME; cd $WORK",
        WITHOUT_PRIVILEGE,
        needs=NAMESPACE,
        codes={RAY: DONE_OR_NOT},
        sample=("run in processes",),
    ),
)
