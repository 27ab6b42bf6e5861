"""Ranges of architectures: `{depth: [1, 3], width: [4, 128]}` for one to three hidden layers of 4 to 128 units each."""

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.lazy_values import Alternatives, Repeated, either, listed, together
from fitgap.runner.spec.ranges import is_range, read_range
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import SpecNode, is_number

DEPTH, WIDTH = "depth", "width"
Bounds = tuple[int, int]


def is_architecture_range(value: object) -> bool:
    """Whether a written architecture gives depth and width instead of layers, or a range of widths of one layer."""
    if isinstance(value, str) and value.strip().startswith((DEPTH, WIDTH)):
        return True
    return is_range(value) or (isinstance(value, dict) and not value.keys().isdisjoint((DEPTH, WIDTH)))


def read_architecture_range(node: SpecNode, depths: Bounds, widths: Bounds) -> Alternatives:
    """The architectures of a range, as tuples; every layer has its own width. The bounds are limits of the program."""
    entries = as_mapping(node).entries((DEPTH, WIDTH))
    for key in (DEPTH, WIDTH):
        if key not in entries:
            raise node.wrong("must give depth and width, such as {depth: [1, 3], width: [4, 128]}")
    width = read_numbers(entries[WIDTH], widths)
    return either([layers(width, depth) for depth in depth_values(entries[DEPTH], depths)])


def as_mapping(node: SpecNode) -> SpecNode:
    """The range as a mapping, even if it was written as shorthand such as `depth=1..3,width=4..128`, or as `4..128`."""
    if is_range(node.value) and "=" not in str(node.value):
        return SpecNode({DEPTH: 1, WIDTH: node.value}, node.path)
    if not isinstance(node.value, str):
        return node
    try:
        return SpecNode(parse_settings(node.value), node.path)
    except SpecError as error:
        raise SpecError(error.message, node.path) from None


def layers(width: Alternatives, depth: int) -> Alternatives:
    """All architectures with `depth` layers. If `width` is a range without steps, only equal widths are listed."""
    is_endless = any(True for _ in width.endless())
    return Repeated(width, depth) if is_endless else together([width] * depth, tuple)


def depth_values(node: SpecNode, bounds: Bounds) -> list[int]:
    """Every depth of a range, since there are few."""
    depths = read_numbers(node, bounds)
    if any(True for _ in depths.endless()):
        low, high = depths
        return list(range(low, high + 1))
    return list(depths)


def read_numbers(node: SpecNode, bounds: Bounds) -> Alternatives:
    """One whole number, or a range of them, which may be written as its two ends, such as `[4, 128]`."""

    def accept(one: SpecNode) -> int:
        return one.whole_number(*bounds)

    if is_number(node.value):
        return listed([accept(node)])
    if is_range(node.value):
        return read_range(node, accept, whole=True)
    if not isinstance(node.value, list):
        raise node.wrong("must be a whole number, or the lowest and the highest of a range, such as [4, 128]")
    return read_range(SpecNode({"range": node.value}, node.path), accept, whole=True)
