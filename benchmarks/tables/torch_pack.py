"""Table `torch-pack`: µs per step and trial, compared with a pack written by hand in PyTorch."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.tables.core import PACK_SIZES, QUICK_PACK_SIZES, QUICK_SECONDS, SECONDS, UNIT, WIDE
from benchmarks.tables.table import Settings, Table

PROGRAMS = ("bmm", "func")
# In larger packs, more networks share the overhead per call; wide networks outgrow the cache sooner.
TORCH_SIZES, WIDE_TORCH_SIZES, QUICK_TORCH_SIZES = (16, 32), (4, 16), (4,)
COMPILED_SIZE = 16
AHEAD = 1.0


def comparisons(settings: Settings) -> list[Comparison]:
    layers = list(PACK_SIZES)[:1] if settings.quick else list(PACK_SIZES)
    return [row for each in layers for row in of_layers(each, settings.quick)]


def of_layers(layers: str, quick: bool) -> list[Comparison]:
    """The rows of one layer size: eager, and compiled unless quick, with the time that compiling takes."""
    ours = tuple(
        Figure(job("ours.pack:time_pack", layers=layers, seconds=seconds(quick), size=size, mixed=False), *named(size))
        for size in (QUICK_PACK_SIZES if quick else PACK_SIZES)[layers]
    )
    sizes = QUICK_TORCH_SIZES if quick else (WIDE_TORCH_SIZES if layers == WIDE else TORCH_SIZES)
    eager = tuple(theirs(layers, size, program, quick) for program in PROGRAMS for size in sizes)
    rows = [Comparison(layers, "torch-pack", ours, eager, UNIT, AHEAD)]
    return rows if quick else [*rows, *compiled_rows(layers, ours)]


def compiled_rows(layers: str, ours: tuple[Figure, ...]) -> list[Comparison]:
    compiled = tuple(theirs(layers, COMPILED_SIZE, program, quick=False, compiled=True) for program in PROGRAMS)
    # The time of the alternative that compiles fastest.
    compiling = tuple(Figure(each.job, "compiling", each.note) for each in compiled)
    first = tuple(Figure(each.job, "compiling", each.note) for each in ours)
    return [
        Comparison(layers, "torch-pack-compiled", ours, compiled, UNIT, AHEAD),
        Comparison(f"{layers}: first epoch, with compilation", "torch-pack-compiled", first, compiling, "s", AHEAD),
    ]


def theirs(layers: str, size: int, program: str, quick: bool, compiled: bool = False) -> Figure:
    arguments = {"layers": layers, "size": size, "program": program, "seconds": seconds(quick)}
    if compiled:
        arguments["compiled"] = True
    return Figure(job("peers.torch_pack:time_pack", **arguments), "microseconds", f"{program}, K={size}")


def seconds(quick: bool) -> float:
    return QUICK_SECONDS if quick else SECONDS


def named(size: int) -> tuple[str, str]:
    """The name of a figure of ours, and its note."""
    return "microseconds", f"K={size}"


TABLE = Table(
    comparisons,
    (
        "torch-pack: µs per training step and network on one core, as in the table core, without E_t and E_v.",
        "torch-pack: networks as stacked matrices, by torch.bmm and autograd or by torch.func and vmap, with batches",
        "shared within a repeat and PyTorch's fused Adam; the best of both programs and pack sizes counts.",
        "torch-pack-compiled: the same with torch.compile for the gradient, which needs a C++ compiler; K=16.",
        "First epoch: seconds that it takes, on both sides with all compilation; the fastest alternative counts.",
    ),
)
