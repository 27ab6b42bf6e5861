"""Table `sweep`: trials per second, from the start of the command to the last row."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.sweeps import FULL, LARGE, QUICK, digits_sweep
from benchmarks.tables.table import Settings, Table

EPOCHS, CORES = 10, 2
# Peers train only this many trials, and the result is extrapolated; all trials would take some of them minutes.
PEER_TRIALS, QUICK_PEER_TRIALS = 100, 8
UNIT = "trials/s"
PEERS = ("ray-tune", "ray-tune-pytorch", "optuna-scikit-learn")
TARGETS = {QUICK: (18.0, 40.0, 40.0), FULL: (18.0, 40.0, 40.0), LARGE: (20.0, 40.0, 40.0)}
SECONDS_TO_REACH = 1.5


def comparisons(settings: Settings) -> list[Comparison]:
    if settings.quick:
        return [*of_size(QUICK, QUICK_PEER_TRIALS), first_epoch()]
    return [*of_size(FULL, PEER_TRIALS), *of_size(LARGE, PEER_TRIALS), first_epoch()]


def of_size(trials: int, some: int) -> list[Comparison]:
    """The rows of a sweep of this many trials, of which peers train `some`."""
    sweep = digits_sweep(trials, EPOCHS)
    ours = Figure(job("ours.command:time_command", cores=CORES, sweep=sweep, workers=CORES), "trials")
    tune = {"cores": CORES, "sweep": sweep, "trials": some, "workers": CORES}
    study = job(
        "peers.optuna_scikit_learn:time_study", cores=CORES, trials=some, epochs=EPOCHS, workers=CORES, wanted=trials
    )
    theirs = (job("peers.ray_tune:time_core", **tune), job("peers.ray_tune:time_pytorch", **tune), study)
    case = f"digits, {trials} trials of {EPOCHS} epochs (peers: {some} trials, scaled)"
    return [
        Comparison(case, peer, (ours,), (Figure(each, "trials"),), UNIT, target)
        for peer, each, target in zip(PEERS, theirs, TARGETS[trials], strict=True)
    ]


def first_epoch() -> Comparison:
    """The time until the first epoch of a small sweep is stored."""
    small = job("ours.command:time_first_epoch", cores=CORES, sweep=digits_sweep(QUICK, EPOCHS), workers=CORES)
    case = f"digits, {QUICK} trials of {EPOCHS} epochs: until the first epoch"
    return Comparison(case, "target", (Figure(small, "seconds"),), SECONDS_TO_REACH, "s", 1.0)


TABLE = Table(
    comparisons,
    (
        "sweep: trials per second from starting the process to the last row, on two cores, with E_t and E_v of every",
        "epoch. Ours is `fitgap run FILE --db FILE --workers 2`. Peers train some of the trials: their start-up time,",
        "until the first epoch, counts once, and the rest is scaled to all trials. ray-tune: a Trainable with fitgap's",
        "core, packs of one, reused actors, JSON log. ray-tune-pytorch: the same trials in PyTorch.",
        "optuna-scikit-learn: two processes, SQLite, per epoch a report of E_v and an attribute E_t; relu in place of",
        "prelu, adam in place of rmsprop, no dropout. The first epoch: from starting the process, without a database,",
        "until another process can read the epoch.",
    ),
)
