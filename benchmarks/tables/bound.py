"""Table `bound`: µs per step and trial, compared with the matrix products of the step alone."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.tables.core import PACK_SIZES, QUICK_PACK_SIZES, QUICK_SECONDS, SECONDS, UNIT, WIDE
from benchmarks.tables.table import Settings, Table

# Targets for the share of products in a step: the promised one for wide networks, and one for narrow networks, whose
# products take almost no time.
TARGET, LEAST = 0.7, 0.2


def comparisons(settings: Settings) -> list[Comparison]:
    sizes = QUICK_PACK_SIZES if settings.quick else PACK_SIZES
    seconds = QUICK_SECONDS if settings.quick else SECONDS
    return [of_layers(layers, sizes[layers], seconds) for layers in sizes]


def of_layers(layers: str, sizes: tuple[int, ...], seconds: float) -> Comparison:
    ours = tuple(
        Figure(job("ours.pack:time_pack", layers=layers, seconds=seconds, size=size, mixed=False), *named(size))
        for size in sizes
    )
    products = tuple(
        Figure(job("peers.products:time_products", layers=layers, seconds=seconds, size=size), *named(size))
        for size in sizes
    )
    return Comparison(layers, "bound", ours, products, UNIT, TARGET if layers == WIDE else LEAST)


def named(size: int) -> tuple[str, str]:
    """The name of a figure, and its note."""
    return "microseconds", f"K={size}"


TABLE = Table(
    comparisons,
    (
        "bound: µs per training step and network on one core, as in the table core, without E_t and E_v. bound: only",
        "the matrix products of the same steps, three per layer and two in the first, by NumPy's BLAS, divided into",
        "blocks as in training; no batch is loaded, no bias, activation or error computed, nothing updated. The ratio",
        "is the share of a step that matrix products need; the best pack size counts on each side.",
    ),
)
