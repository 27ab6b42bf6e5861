"""Table `layers`: µs per step and trial on one core, for networks with convolutions and recurrent layers."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.images import CASES
from benchmarks.sequences import CASES as SEQUENCES
from benchmarks.tables.table import Settings, Table

SIZE = 16
UNIT = "µs/step"
SECONDS, QUICK_SECONDS = 1.0, 0.1
# Targets by the side of the images: how many times as fast as the better peer.
TARGETS = {8: 1.3, 28: 1.2}
TARGET_OF_SEQUENCES = 1.3


def comparisons(settings: Settings) -> list[Comparison]:
    seconds = QUICK_SECONDS if settings.quick else SECONDS
    kinds = {case: ("image", TARGETS[CASES[case].side]) for case in CASES}
    kinds |= {case: ("sequence", TARGET_OF_SEQUENCES) for case in SEQUENCES}
    return [each for case, (kind, target) in kinds.items() for each in comparisons_of(case, kind, target, seconds)]


def comparisons_of(case: str, kind: str, target: float, seconds: float) -> list[Comparison]:
    """One network on images or sequences, compared with both peers."""

    def figure(function: str, note: str = "", **arguments: object) -> Figure:
        return Figure(job(function, case=case, seconds=seconds, **arguments), "microseconds", note)

    ours = (figure(f"ours.{kind}_pack:time_{kind}s", f"K={SIZE}", size=SIZE),)
    jax = tuple(
        figure(f"peers.jax_{kind}s:time_{kind}s", note, size=SIZE, shared=shared)
        for note, shared in (("own batches", False), ("shared batches", True))
    )
    return [
        Comparison(case, "jax-tuned", ours, jax, UNIT, target),
        Comparison(case, "pytorch", ours, (figure(f"peers.pytorch_{kind}s:time_{kind}s"),), UNIT, target),
    ]


TABLE = Table(
    comparisons,
    (
        "layers: µs per training step and network on one core; float32, batch 32, Adam, drawn images with ReLU or",
        "sequences with tanh, 16 networks over four repeats. Only training steps are timed. Each measurement is a",
        "process of its own, on one core.",
        "jax-tuned: jit+vmap, orders drawn by NumPy; the better of own batches and batches shared within a repeat.",
        "pytorch: eager, one network.",
    ),
)
