"""Environments: everything around a command that its user did not type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

READS, WRITES, TRAINS, RAY, FAILS = "reads", "writes", "trains", "ray", "fails"
# Further kinds of commands. ASKS: uses no database. PREDICTS: reads it and a file in the working folder. SAVES: reads
# it and writes a file there. REPLAYS: reads it and trains without writing to it.
ASKS, PREDICTS, SAVES, REPLAYS = "asks", "predicts", "saves", "replays"
DONE = frozenset({0})
REFUSED = frozenset({2})
DONE_OR_REFUSED = DONE | REFUSED
# The engine cannot be started: the trials stay pending.
NOT_STARTED = frozenset({1})
DONE_OR_NOT = DONE_OR_REFUSED | NOT_STARTED
# Exit codes by kind of command when nothing is wrong.
USUAL_CODES = {READS: DONE, WRITES: DONE, TRAINS: DONE, FAILS: REFUSED}
# If an environment names no codes for a kind, those of a similar kind are used.
LIKE = {RAY: TRAINS, REPLAYS: TRAINS, SAVES: WRITES, PREDICTS: READS, ASKS: READS}


@dataclass(frozen=True)
class Environment:
    """A row of the tables in this folder.

    The command is started by a shell in the working folder: `before` contains lines that run first, `under` is a
    program that starts the command, such as `nohup`, and `redirect` is appended to it. They may use $WORK, $HOME,
    $TMPDIR and $STAGE (the folder around these three). $UNPRIVILEGED starts a program without privileges, and $NOBODY
    as another user.
    """

    name: str
    before: str = ""
    under: str = ""
    redirect: str = ""
    # The width of a terminal for all three streams; 0 for no terminal.
    columns: int = 0
    # "namespace": a mount namespace of its own. "user": changing the user. Both need root.
    needs: frozenset[str] = frozenset()
    # The exit codes allowed for a kind of command, if they differ from the usual ones.
    codes: Mapping[str, frozenset[int]] = field(default_factory=dict)
    # What the one line on standard error must mention when a command is refused.
    says: str = ""
    # Which of "out" and "err" arrive unchanged.
    hears: frozenset[str] = frozenset({"out", "err"})
    # Whether the work is done even though the answer cannot be written.
    is_done_anyway: bool = False
    # Commands that each commit samples (see `checking`). `run` writes a sweep, trains it and prints its results.
    sample: tuple[str, ...] = ("run",)

    def codes_of(self, kind: str) -> frozenset[int]:
        """The exit codes allowed for a kind of command here."""
        if kind in self.codes:
            return self.codes[kind]
        kind = LIKE.get(kind, kind)
        return self.codes.get(kind, USUAL_CODES[kind])


NAMESPACE = frozenset({"namespace"})
USER = frozenset({"user"})
NOTHING_IS_HEARD = frozenset[str]()
ONLY_OUT = frozenset({"out"})
ONLY_ERR = frozenset({"err"})
