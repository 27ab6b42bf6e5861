"""Random sweeps in two spellings: as the plain data of a file, and as the flags that ask for the same."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from core.activations import ACTIVATIONS
from core.optimizers import OPTIMIZERS
from core.regularizers import REGULARIZERS
from core.variants import REQUIRED, Variant
from runner.spec import Flags

WIDTHS = st.integers(1, 100_000)


@st.composite
def settings_of(draw: st.DrawFn, variant: type[Variant]) -> dict[str, float]:
    """Settings of a variant: the required ones and some others."""
    settings = {}
    for name, field in variant.parameters().items():
        if field.default is REQUIRED or draw(st.booleans()):
            domain = field.metadata["domain"]
            lowest = domain.above if domain.at_least is None else domain.at_least
            settings[name] = draw(
                st.floats(
                    -1e6 if lowest is None else lowest,
                    1e6 if domain.below is None else domain.below,
                    exclude_min=domain.above is not None,
                    exclude_max=domain.below is not None,
                )
            )
    return settings


def variants_of(table: Mapping[str, type[Variant]], most: int = 1) -> st.SearchStrategy[dict[str, dict[str, float]]]:
    """One to `most` names of a table with settings, as a file has them."""
    names = st.lists(st.sampled_from(list(table)), min_size=1, max_size=most, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: settings_of(table[name]) for name in chosen}))


def shorthand(named: Any) -> str:
    """A mapping of names to settings as the command line has it."""
    if isinstance(named, str):
        return named
    return "+".join(
        f"{name}:{','.join(f'{key}={value!r}' for key, value in settings.items())}" if settings else name
        for name, settings in named.items()
    )


ARCHITECTURES = st.one_of(
    st.just("none"),
    WIDTHS,
    st.lists(WIDTHS, min_size=2, max_size=4).map(lambda widths: "-".join(map(str, widths))),
)
REGULARIZER_SETS = st.one_of(st.just("none"), variants_of(REGULARIZERS, most=3))
AXES = {
    "architecture": st.lists(ARCHITECTURES, min_size=1, max_size=3),
    "activation": st.lists(variants_of(ACTIVATIONS), min_size=1, max_size=3),
    "regularizer": st.lists(REGULARIZER_SETS, min_size=1, max_size=3),
    "optimizer": st.lists(variants_of(OPTIMIZERS), min_size=1, max_size=3),
}
TRAINING = {
    "epochs": st.integers(1, 1000),
    "batch_size": st.integers(1, 1000),
    "dtype": st.sampled_from(["float32", "float64"]),
    "initializer": st.sampled_from(["auto", "zeros", "uniform:limit=0.5"]),
    "output_activation": st.sampled_from(["identity", "sigmoid"]),
    "loss": st.just("half_squared_error"),
}
DATA = {
    "target": st.lists(st.sampled_from(["price", "size", "a b"]), min_size=1, max_size=2),
    "validation": st.one_of(st.floats(0.01, 0.99), st.integers(1, 1000), st.just("same")),
    "preprocess": st.sampled_from(["standard", "minmax", "none"]),
    "target_scaling": st.sampled_from(["standard", "none"]),
}
SOURCES = st.sampled_from(["digits", "sine:noise=0.2", "data/table.csv", "xor"])
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,20}", fullmatch=True)

WRITTEN_SWEEPS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "data": st.fixed_dictionaries({"source": SOURCES}, optional=DATA),
        "training": st.fixed_dictionaries({}, optional=TRAINING),
        "axes": st.fixed_dictionaries({}, optional=AXES),
    },
    optional={"seed": st.integers(0, 2**63 - 1), "repeats": st.integers(1, 10_000)},
)


def as_yaml(written: dict[str, Any]) -> str:
    """A sweep as the text of a file; YAML 1.2 contains JSON."""
    return json.dumps(written, indent=2)


def as_flags(written: dict[str, Any]) -> Flags:
    """A sweep as the flags that ask for it."""
    data, axes = dict(written["data"]), written["axes"]
    rest = {key: value for key, value in written.items() if key not in ("data", "training", "axes")}
    return Flags(
        data=data.pop("source"),
        hidden=[str(item) for item in axes.get("architecture", ())],
        activation=[shorthand(item) for item in axes.get("activation", ())],
        regularizer=[shorthand(item) for item in axes.get("regularizer", ())],
        optimizer=[shorthand(item) for item in axes.get("optimizer", ())],
        **{key: value if key == "target" else str(value) for key, value in (data | rest | written["training"]).items()},
    )
