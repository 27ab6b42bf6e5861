"""Reader of YAML 1.2 text into plain data, with the line and column of every part. Tags never construct objects."""

from typing import Any

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.places import Places
from fitgap.runner.spec.shorthand import bounded
from fitgap.runner.spec.validation import Path, shown
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

# ruamel.yaml reads this many in about half a second.
MOST_NODES = 20_000
DEEPEST_NESTING = 50
# Between these two depths, the error message can include the path.
DEEPEST_READ = 100
# Longer scalars are treated as text: base-60 numbers, which `%YAML 1.1` allows, are slow to parse.
LONGEST_NUMBER = 10_000
TOO_MANY_NODES = f"has more than {MOST_NODES:,} values, aliases counted each time; split it into several sweeps"
TOO_DEEP = f"is nested deeper than {DEEPEST_NESTING} levels; a sweep needs fewer than ten"
STANDARD_TAG = "tag:yaml.org,2002:"
# 1024-12-14 is an architecture, not a date, and << and = have no special meaning here.
TEXT_TAGS = ("str", "timestamp", "merge", "value")
STANDARD_TAGS: dict[type[Node], tuple[str, ...]] = {
    MappingNode: ("map",),
    SequenceNode: ("seq",),
    ScalarNode: (*TEXT_TAGS, "null", "bool", "int", "float"),
}


def read_yaml(text: str, places: Places) -> Any:
    """The plain data of a YAML text; records the position of every part in `places`. Raises SpecError."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = BoundedComposer
    yaml.composer.warn_double_anchors = False
    places.marks[()] = (1, 1)
    root = compose(yaml, text, places)
    if root is None:
        raise SpecError("is empty; write at least `data: NAME`, where NAME is a data set or the path of a file")
    return PlainData(yaml, places).read(root, ())


def compose(yaml: YAML, text: str, places: Places) -> Node | None:
    """The tree of nodes; None for an empty text."""
    try:
        return yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        places.marks[()] = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if isinstance(error, TooManyNodesError):
            raise SpecError(TOO_MANY_NODES) from None
        problem = ", ".join(filter(None, (error.context, error.problem)))
    except ReaderError as error:
        before = text[: error.position]
        places.marks[()] = (before.count("\n") + 1, error.position - before.rfind("\n"))
        problem = f"the character {shown(text[error.position])} is not allowed here"
    except RecursionError:
        raise SpecError(TOO_DEEP) from None
    # ruamel.yaml raises arbitrary exceptions for some broken texts, such as OverflowError for "\UFFFFFFFF".
    except Exception as error:
        problem = f"it crashes the YAML reader ({error})"
    raise SpecError(f"this is not valid YAML: {' '.join(str(problem).split())}")


class TooManyNodesError(MarkedYAMLError):
    """A text has more values than a sweep may have."""


class BoundedComposer(Composer):
    """Stops as soon as a text exceeds the limits on size and depth, before it takes much time and memory."""

    nodes = levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise TooManyNodesError(problem_mark=self.parser.peek_event().start_mark)
        self.levels += 1
        if self.levels > DEEPEST_READ:
            raise RecursionError
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node


class PlainData:
    """Turns nodes into plain data. Counts them, because aliases can expand a few bytes to any number of values."""

    def __init__(self, yaml: YAML, places: Places):
        self.yaml = yaml
        self.places = places
        self.nodes_left = MOST_NODES

    def read(self, node: Node, path: Path) -> Any:
        """The plain data of a node; records the positions of its entries and items."""
        self.places.marks.setdefault(path, mark_of(node))
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise SpecError(TOO_MANY_NODES, path)
        if len(path) > DEEPEST_NESTING:
            raise SpecError(TOO_DEEP, path[:3])
        check_tag(node, path)
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, position)) for position, item in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        """A mapping; SpecError unless its keys are text and distinct. The position of an entry is that of its key."""
        entries: dict[str, Any] = {}
        for key, value in node.value:
            entry = (*path, key.value if isinstance(key, ScalarNode) else "a key")
            self.places.marks[entry] = mark_of(key)
            if not isinstance(key, ScalarNode) or short_tag(key) not in TEXT_TAGS:
                raise SpecError("a key must be text; put it in quotes if it is intended", entry)
            if key.value in entries:
                raise SpecError("is written twice; keep one of them", entry)
            entries[key.value] = self.read(value, entry)
        return entries

    def scalar(self, node: Node) -> Any:
        """Text, a number, true, false or None."""
        if short_tag(node) in TEXT_TAGS or len(node.value) > LONGEST_NUMBER:
            return node.value
        try:
            return bounded(self.yaml.constructor.construct_object(node))
        # Python rejects whole numbers of 5000 digits, and ruamel.yaml crashes on `!!bool maybe` and `!!int ""`.
        except Exception:
            return node.value


def mark_of(node: Node) -> tuple[int, int]:
    """Line and column of a node, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def short_tag(node: Node) -> str:
    """The tag of a node, without the prefix of the standard tags."""
    return str(node.tag).removeprefix(STANDARD_TAG)


def check_tag(node: Node, path: Path) -> None:
    """Raise SpecError for a tag other than the standard ones."""
    if short_tag(node) not in STANDARD_TAGS[type(node)]:
        raise SpecError(f"has the tag {shown(short_tag(node))}, which is not supported; leave it out", path)
