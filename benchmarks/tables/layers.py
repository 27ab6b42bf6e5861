"""Table `layers`: µs per step and trial on one core, for networks with convolutions."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.images import CASES
from benchmarks.tables.table import Settings, Table

SIZE = 16
UNIT = "µs/step"
SECONDS, QUICK_SECONDS = 1.0, 0.1
# How many times as fast as the better peer.
TARGETS = {8: 1.3, 28: 1.2}


def comparisons(settings: Settings) -> list[Comparison]:
    seconds = QUICK_SECONDS if settings.quick else SECONDS
    return [each for case in CASES for each in comparisons_of(case, seconds)]


def comparisons_of(case: str, seconds: float) -> list[Comparison]:
    """One network against both peers."""

    def figure(function: str, note: str = "", **arguments: object) -> Figure:
        return Figure(job(function, case=case, seconds=seconds, **arguments), "microseconds", note)

    ours = (figure("ours.image_pack:time_images", f"K={SIZE}", size=SIZE),)
    jax = tuple(
        figure("peers.jax_images:time_images", note, size=SIZE, shared=shared)
        for note, shared in (("own batches", False), ("shared batches", True))
    )
    target = TARGETS[CASES[case].side]
    return [
        Comparison(case, "jax-tuned", ours, jax, UNIT, target),
        Comparison(case, "pytorch", ours, (figure("peers.pytorch_images:time_images"),), UNIT, target),
    ]


TABLE = Table(
    comparisons,
    (
        "layers: µs per training step and network on one core; float32, batch 32, Adam, ReLU, drawn images, 16",
        "networks over four repeats. Only training steps are timed. Each measurement is its own process, on one core.",
        "jax-tuned: jit+vmap, orders drawn by NumPy; the better of own batches and batches shared within a repeat.",
        "pytorch: eager, one network.",
    ),
)
