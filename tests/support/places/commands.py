"""The commands that are tried in every environment, and the files that each may leave in the working folder."""

from dataclasses import dataclass

from support.places.environments.environment import ASKS, FAILS, PREDICTS, RAY, READS, REPLAYS, SAVES, TRAINS, WRITES

XOR = ("run", "--data", "xor", "--hidden", "4", "--optimizer", "adam:rate=0.05", "--repeats", "2", "--epochs", "20")
# One second of work on one core: worth starting processes for, but not Ray.
DIGITS = ("run", "--data", "digits", "--hidden", "128", "--repeats", "16", "--epochs", "10")


@dataclass(frozen=True)
class Command:
    """A command of `fitgap`. `trained` is a sweep whose rows must be the same in every environment."""

    name: str
    arguments: tuple[str, ...]
    kind: str
    creates: tuple[str, ...] = ()
    trained: str = ""
    # Whether every environment prints the same to the last byte: machine-readable output without times and paths.
    is_same: bool = False


def asking(name: str, *arguments: str) -> Command:
    return Command(name, arguments, ASKS)


def reading(name: str, *arguments: str, is_same: bool = False) -> Command:
    return Command(name, arguments, READS, is_same=is_same)


def saving(name: str, *arguments: str, creates: str) -> Command:
    return Command(name, arguments, SAVES, (creates,))


def writing(name: str, *arguments: str) -> Command:
    return Command(name, arguments, WRITES)


def training(name: str, sweep: str, *arguments: str, kind: str = TRAINS) -> Command:
    return Command(name, arguments, kind, trained=sweep)


COMMANDS = (
    reading("trials", "trials", "s", "--format", "json", is_same=True),
    reading("table", "trials", "s"),
    reading("trials as CSV", "trials", "s", "--format", "csv", is_same=True),
    reading("sweeps", "sweeps", "--format", "json", is_same=True),
    reading("show", "show", "1"),
    reading("show as JSON", "show", "1", "--format", "json", is_same=True),
    reading("epochs", "epochs", "s", "--format", "csv", is_same=True),
    reading("compare", "compare", "s", "--by", "activation"),
    reading("compare as JSON", "compare", "s", "--by", "activation", "--format", "json", is_same=True),
    reading("diagnose", "diagnose", "s"),
    reading("importance", "importance", "s"),
    asking("list", "list", "activations"),
    Command("predict", ("predict", "1", "new.csv", "--format", "csv"), PREDICTS, is_same=True),
    reading("db status", "db", "status"),
    asking("dry run", *XOR, "--dry-run"),
    asking("help", "--help"),
    asking("help of run", "run", "--help"),
    writing("tag", "tag", "s", "größer"),
    writing("note", "note", "s", "look [again] ☃"),
    writing("rename", "rename", "s", "other"),
    writing("delete", "delete", "s", "--yes"),
    writing("cancel", "cancel", "waiting"),
    writing("db compact", "db", "compact"),
    saving("db copy", "db", "copy", "fitgap.db", "copy.db", creates="copy.db"),
    saving("export", "export", "1", "-o", "model.npz", creates="model.npz"),
    saving("trials as a file", "trials", "s", "--format", "csv", "-o", "rows.csv", creates="rows.csv"),
    training("run", "new", *XOR, "--name", "new", "--engine", "local"),
    training("run in processes", "digits", *DIGITS, "--name", "digits", "--workers", "2"),
    training("run on Ray", "ray", *XOR, "--name", "ray", "--engine", "ray", "--workers", "1", kind=RAY),
    training("resume", "waiting", "resume", "waiting", "--engine", "local"),
    training("extend", "s", "extend", "s", "--repeats", "3", "--engine", "local"),
    training("improve", "s", "improve", "s", "--trials", "2", "--rounds", "1", "--engine", "local"),
    training("retry", "cancelled", "retry", "cancelled", "--status", "cancelled", "--engine", "local"),
    training("replay", "", "replay", "1", kind=REPLAYS),
    Command("show 99", ("show", "99"), FAILS),
    Command("no such command", ("shwo",), FAILS),
)
BY_NAME = {command.name: command for command in COMMANDS}
