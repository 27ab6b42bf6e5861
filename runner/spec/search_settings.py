"""The section `search`: the method that chooses configurations, and how many trials they may take."""

from dataclasses import dataclass
from typing import Any, Self

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import parse_shorthand
from fitgap.runner.spec.validation import SpecNode

# Methods whose proposals depend on the seed alone, and those that learn from generation to generation.
ADVICE = "advice"
PLANNED, LEARNING = ("random", "sobol"), ("tpe", "cmaes", "nsga2", "gp", ADVICE)
METHODS = (*PLANNED, *LEARNING)
KEYS = ("method", "trials", "generation", "lag")
GENERATION, LARGEST_GENERATION, LARGEST_LAG = 16, 10_000, 100
MOST_TRIALS = 1_000_000
EXAMPLE = "{{method: {}, trials: 100}}"


@dataclass(frozen=True)
class SearchSettings:
    """A method, and the number of trials that it may plan, counting all repeats.

    A method that learns proposes `generation` configurations at a time. It knows the results of all generations except
    the last `lag` ones, which may still be in training.
    """

    method: str
    trials: int
    generation: int = GENERATION
    lag: int = 0

    @property
    def learns(self) -> bool:
        """Whether proposals depend on results."""
        return self.method in LEARNING

    def canonical(self) -> dict[str, Any]:
        """These settings in sweep-file form."""
        learning = {"generation": self.generation, "lag": self.lag} if self.learns else {}
        return {"method": self.method, "trials": self.trials, **learning}

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """The settings from a mapping, or from shorthand such as `random:trials=100`. Raises SpecError."""
        entries = as_mapping(node).entries(KEYS)
        if "method" not in entries:
            raise SpecError(f"method must be given, as in search: {EXAMPLE.format('random')}", node.path)
        method = entries["method"].one_of(METHODS)
        if "trials" not in entries:
            raise SpecError(f"trials must be given, as in search: {EXAMPLE.format(method)}", node.path)
        for key in ("generation", "lag"):
            if key in entries and method not in LEARNING:
                raise SpecError(f"{key} is only for methods that learn: {', '.join(LEARNING)}", entries[key].path)
        numbers = {"trials": entries["trials"].whole_number(1, MOST_TRIALS)}
        if "generation" in entries:
            numbers["generation"] = entries["generation"].whole_number(1, LARGEST_GENERATION)
        if "lag" in entries:
            numbers["lag"] = entries["lag"].whole_number(0, LARGEST_LAG)
        return cls(method, **numbers)


def as_mapping(node: SpecNode) -> SpecNode:
    """The section as a mapping, even if it was written as shorthand."""
    if not isinstance(node.value, str):
        return node
    try:
        named = parse_shorthand(node.value)
    except SpecError:
        method, _, number = node.value.partition(":")
        advice = f"write {method}:trials={number}" if method in METHODS and number.isdecimal() else ""
        raise node.wrong("must be a method with its settings, such as random:trials=100", advice) from None
    if len(named) != 1:
        raise node.wrong("must be one method, such as random:trials=100")
    ((method, settings),) = named.items()
    name, comma, rest = method.partition(",")
    if comma or "=" in method:
        example = f"{name}:{rest}" if name in METHODS and "=" in rest else "random:trials=100"
        raise node.wrong(f"must have the form METHOD:trials=N, such as {example}")
    return SpecNode({"method": method, **settings}, node.path)
