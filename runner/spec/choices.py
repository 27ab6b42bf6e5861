"""Reading of variants: a name with lists of settings is expanded into one choice per combination of the values."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field
from functools import partial
from typing import Any

from fitgap.core.variants import ParameterError, Variant
from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.spec.configuration import Choice
from fitgap.runner.spec.lazy_values import Alternatives, either, listed, together
from fitgap.runner.spec.ranges import is_range, read_range
from fitgap.runner.spec.shorthand import parse_shorthand
from fitgap.runner.spec.validation import LONGEST_SHOWN, SpecNode, shown

Table = Mapping[str, type[Variant]]


def read_choice(node: SpecNode, table: Table, noun: str) -> Alternatives:
    """Alternatives, each a Choice, from a node that names one variant of the table."""
    names = as_mapping(node, noun)
    if len(names.value) != 1:
        advice = "write alternatives as a list, or with one flag each"
        raise SpecError(f"must name one {noun}, but names {len(names.value)}; {advice}", node.path)
    (part,) = read_names(node, names, table, noun)
    return part


def read_combination(node: SpecNode, table: Table, noun: str) -> Alternatives:
    """Alternatives, each a tuple of Choices in the table's order, from a node that names any number of variants."""
    if node.value in (None, "none"):
        return listed([()])
    order = list(table)
    combine = read_mixture(node, table, noun)
    return together([combine], lambda one: tuple(sorted(one[0], key=lambda choice: order.index(choice.name))))


def read_mixture(node: SpecNode, table: Table, noun: str) -> Alternatives:
    """Alternatives, each a tuple of Choices in written order, from a node that names one or more variants."""
    return together(list(read_names(node, as_mapping(node, noun), table, noun)), tuple)


def as_mapping(node: SpecNode, noun: str) -> SpecNode:
    """The node as a mapping of names to settings, whether written as a mapping or as shorthand."""
    if isinstance(node.value, str):
        try:
            return SpecNode(parse_shorthand(node.value), node.path)
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    if not isinstance(node.value, dict):
        raise node.wrong(f"must be the name of one {noun}, or its name and settings")
    if not node.value:
        raise node.wrong(f"must name at least one {noun}")
    return node


def read_names(node: SpecNode, names: SpecNode, table: Table, noun: str) -> Iterator[Alternatives]:
    """The choices of each name in `names`, which is `node` as a mapping."""
    for name in names.value:
        if name not in table:
            # A name in shorthand has no position of its own.
            path = node.path if names is not node else (*node.path, name)
            advice = nearest(str(name)[:LONGEST_SHOWN], table)
            if ".." in str(name):
                advice = f"a range joins two numbers of a setting; list the alternatives one by one ({advice})"
            raise SpecError(f"there is no {noun} {shown(name)}; {advice}", path)
        settings = names.child(name)
        yield either([read_settings(name, table[name], leaf) for leaf in settings.leaves()])


def read_settings(name: str, variant: type[Variant], node: SpecNode) -> Alternatives:
    """The choices given by one mapping of settings: the product of the listed values."""
    known = variant.parameters()
    entries = node.entries(known)
    for key, field in known.items():
        if field.default is MISSING and key not in entries:
            raise SpecError(f"{key} must be given: {field.metadata['domain'].describe()}", node.path)
    values = [read_values(known[key], entry) for key, entry in entries.items()]

    def choice(chosen: tuple[Any, ...]) -> Choice:
        return build(name, variant, dict(zip(entries, chosen, strict=True)), node)

    return together(values, choice)


def read_values(field: Field, node: SpecNode) -> Alternatives:
    """The values of one parameter; SpecError for one outside its domain."""
    return either([read_value(field, leaf) for leaf in node.leaves()])


def read_value(field: Field, node: SpecNode) -> Alternatives:
    """One value of a parameter, or a range of them."""
    domain = field.metadata["domain"]
    if is_range(node.value) and not domain.choices and not domain.flag:
        return read_range(node, partial(accepted, field), whole=domain.whole)
    return listed([accepted(field, node)])


def accepted(field: Field, node: SpecNode) -> Any:
    """One value of a parameter, converted to its type; SpecError if it is outside the domain."""
    domain = field.metadata["domain"]
    try:
        return domain.accept(node.value)
    except (ValueError, OverflowError) as error:
        rule = error if isinstance(error, ValueError) else domain.describe()
        raise node.wrong(f"must be {rule}") from None


def build(name: str, variant: type[Variant], settings: dict[str, Any], node: SpecNode) -> Choice:
    """The choice; SpecError if the variant rejects the combination of its parameters."""
    try:
        return Choice(name, variant(**settings))
    except ParameterError as error:
        raise SpecError(f"{error.parameter} {error.rule}, but is {shown(error.value)}", node.path) from None


def single_value(alternatives: Alternatives, node: SpecNode) -> Any:
    """The value of a setting that cannot have alternatives; SpecError if it has several."""
    if alternatives.size != 1:
        raise SpecError(f"must be one value, but has {alternatives.size}; only axes have alternatives", node.path)
    return next(iter(alternatives))
