"""What an environment is: everything around a command that its user did not type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

READS, WRITES, TRAINS, RAY, FAILS = "reads", "writes", "trains", "ray", "fails"
# Without a database; reading one and a file of the working folder; reading one and writing a file there; reading one
# and training without writing to it.
ASKS, PREDICTS, SAVES, REPLAYS = "asks", "predicts", "saves", "replays"
DONE = frozenset({0})
REFUSED = frozenset({2})
DONE_OR_REFUSED = DONE | REFUSED
# The engine cannot be started: the trials wait.
NOT_STARTED = frozenset({1})
DONE_OR_NOT = DONE_OR_REFUSED | NOT_STARTED
# What a command of each kind exits with where nothing is in its way.
USUAL_CODES = {READS: DONE, WRITES: DONE, TRAINS: DONE, FAILS: REFUSED}
# A kind for which an environment names no codes is like another one.
LIKE = {RAY: TRAINS, REPLAYS: TRAINS, SAVES: WRITES, PREDICTS: READS, ASKS: READS}


@dataclass(frozen=True)
class Environment:
    """A row of the tables beside this module.

    The command is started by a shell: `before` are its lines, in the working folder, `under` is a program that starts
    the command, such as `nohup`, and `redirect` is written behind it. They may use $WORK, $HOME, $TMPDIR and $STAGE
    (the folder around these three); $UNPRIVILEGED starts a program without any privilege, and $NOBODY as another user.
    """

    name: str
    before: str = ""
    under: str = ""
    redirect: str = ""
    # A terminal with so many columns for all three streams.
    columns: int = 0
    # "namespace": its mounts are its own. "user": it changes who it is. Both need root.
    needs: frozenset[str] = frozenset()
    # The exit codes allowed for a kind of command, where they are not the usual ones.
    codes: Mapping[str, frozenset[int]] = field(default_factory=dict)
    # What the one line on standard error names where a command is refused.
    says: str = ""
    # Which of "out" and "err" arrive unchanged.
    hears: frozenset[str] = frozenset({"out", "err"})
    # Whether only the answer cannot be written: the work is done all the same.
    is_done_anyway: bool = False
    # Commands of which some are tried with every commit, see `checking`. `run` writes a sweep, trains it and shows
    # what it found.
    sample: tuple[str, ...] = ("run",)

    def codes_of(self, kind: str) -> frozenset[int]:
        """The exit codes that a kind of command may have here."""
        if kind in self.codes:
            return self.codes[kind]
        kind = LIKE.get(kind, kind)
        return self.codes.get(kind, USUAL_CODES[kind])


NAMESPACE = frozenset({"namespace"})
USER = frozenset({"user"})
NOTHING_IS_HEARD = frozenset[str]()
ONLY_OUT = frozenset({"out"})
ONLY_ERR = frozenset({"err"})
