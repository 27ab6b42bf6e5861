"""Table `core`: µs per step and trial on one core, for four layer sizes, with equal and with mixed networks."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.tables.table import Settings, Table

NARROW = ("64-16-10", "64-32-10", "64-64-32-10")
WIDE = "64-256-128-10"
# fitgap chooses its pack size; here the best of these counts. Wide networks fill the cache sooner.
PACK_SIZES = {**dict.fromkeys(NARROW, (8, 16, 24, 32)), WIDE: (2, 4, 8, 16)}
QUICK_PACK_SIZES = {**dict.fromkeys(NARROW, (16,)), WIDE: (4,)}
JAX_SIZE = 16
UNIT = "µs/step"
SECONDS, QUICK_SECONDS = 1.0, 0.1
# The target if none was promised: not slower.
NOT_SLOWER = 1.0
DENORMAL_LAYERS, DENORMAL_TARGET = "64-32-10", 0.9


def comparisons(settings: Settings) -> list[Comparison]:
    plans = [LayersPlan(layers, mixed, settings.quick) for mixed in (False, True) for layers in PACK_SIZES]
    return [comparison for plan in plans for comparison in plan.comparisons()] + [after_units_have_died()]


class LayersPlan:
    """The comparisons of one layer size, all networks equal or mixed."""

    def __init__(self, layers: str, mixed: bool, quick: bool):
        self.layers, self.mixed = layers, mixed
        self.seconds = QUICK_SECONDS if quick else SECONDS
        sizes = (QUICK_PACK_SIZES if quick else PACK_SIZES)[layers]
        self.ours = tuple(self.figure("ours.pack:time_pack", f"K={size}", size=size, mixed=mixed) for size in sizes)

    def comparisons(self) -> list[Comparison]:
        return [
            self.against("jax", 1.0, self.jax()),
            self.against("jax-tuned", 1.0, *self.tuned_jax()),
            *([] if self.mixed else self.single_networks()),
            self.against("alone", NOT_SLOWER, self.figure("ours.pack:time_alone", mixed=self.mixed)),
        ]

    def single_networks(self) -> list[Comparison]:
        return [
            self.against("scikit-learn", self.promised(10.0), self.figure("peers.scikit_learn:time_fit")),
            self.against("pytorch", self.promised(20.0), self.figure("peers.pytorch:time_loop")),
        ]

    def promised(self, target: float) -> float:
        """The promised target, which holds for layers of up to 64 units."""
        return target if self.layers in NARROW else NOT_SLOWER

    def jax(self, note: str = "", **options: bool) -> Figure:
        return self.figure("peers.jax_vmap:time_vmap", note, size=JAX_SIZE, mixed=self.mixed, **options)

    def tuned_jax(self) -> tuple[Figure, Figure]:
        return (
            self.jax("own batches", tuned=True, shared=False),
            self.jax("shared batches", tuned=True, shared=True),
        )

    def figure(self, function: str, note: str = "", **arguments: object) -> Figure:
        return Figure(job(function, layers=self.layers, seconds=self.seconds, **arguments), "microseconds", note)

    def against(self, peer: str, target: float, *theirs: Figure) -> Comparison:
        case = f"{self.layers} mixed" if self.mixed else self.layers
        return Comparison(case, peer, self.ours, theirs, UNIT, target)


def after_units_have_died() -> Comparison:
    """Speed long after units have died, when optimizer slots could become denormal, compared with the start."""
    measured = job("ours.pack:time_denormals", layers=DENORMAL_LAYERS, size=16)
    late, early = Figure(measured, "late"), Figure(measured, "early")
    return Comparison(f"{DENORMAL_LAYERS} after 4,000 steps", "itself", (late,), (early,), UNIT, DENORMAL_TARGET)


TABLE = Table(
    comparisons,
    (
        "core: µs per training step and network on one core; float32, batch 32, 1437 digits, networks over four",
        "repeats. Only training steps are timed, without E_t and E_v. Each measurement is its own process, pinned to",
        "a core; imports, compilation and the first epoch are not counted. For fitgap the best pack size K counts.",
        "mixed: relu/tanh/sigmoid/prelu × gradient_descent/momentum/rmsprop/adam, half with dropout 0.2.",
        "jax: jit+vmap, K=16, orders and dropout drawn inside jit from a key per network, kinds by lax.switch.",
        "jax-tuned: orders drawn by NumPy; the better of own batches and batches shared within a repeat (by a second",
        "vmap). scikit-learn: MLPRegressor. pytorch: eager, default torch.optim.Adam. alone: a pack of one.",
    ),
)
