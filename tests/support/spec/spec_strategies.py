"""Random sweeps in two forms: as the plain data of a file, and as equivalent flags."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.activations.activation import LEARNABLE, lowest_learned
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS
from fitgap.core.variants import REQUIRED, Domain, Variant
from fitgap.runner.spec import Flags
from hypothesis import strategies as st

Table = Mapping[str, type[Variant]]
Named = dict[str, dict[str, Any]]

WIDTHS = st.integers(1, 100_000)


def values_of(domain: Domain) -> st.SearchStrategy[Any]:
    """Values inside the domain of a parameter."""
    if domain.choices:
        return st.sampled_from(domain.choices)
    if domain.flag:
        return st.booleans()
    lowest = domain.above if domain.at_least is None else domain.at_least
    highest = domain.below if domain.at_most is None else domain.at_most
    lowest, highest = -1e6 if lowest is None else lowest, 1e6 if highest is None else highest
    if domain.whole:
        return st.integers(int(lowest), int(highest))
    return st.floats(lowest, highest).filter(lambda value: domain.holds(float(np.float32(value))))


@st.composite
def settings_of(draw: st.DrawFn, variant: type[Variant]) -> dict[str, Any]:
    """Settings of a variant: the required ones and some others."""
    settings = {
        name: draw(values_of(field.metadata["domain"]))
        for name, field in variant.parameters().items()
        if field.default is REQUIRED or draw(st.booleans())
    }
    for name in set(LEARNABLE) & set(settings):
        # Learned values must start at a distance from an open bound.
        lowest = lowest_learned(variant.parameters()[name].metadata["domain"])
        settings[name] = settings[name] if lowest is None else max(settings[name], lowest)
    return settings


def variants_of(table: Table, most: int = 1) -> st.SearchStrategy[Named]:
    """One to `most` variants of a table with settings, as in a file."""
    names = st.lists(st.sampled_from(list(table)), min_size=1, max_size=most, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: settings_of(table[name]) for name in chosen}))


def combinations_of(table: Table) -> st.SearchStrategy[Any]:
    """None, one, or several variants combined."""
    return st.one_of(st.just("none"), variants_of(table, most=3))


def layers_of(table: Table) -> st.SearchStrategy[Any]:
    """Functions for all layers, or for each layer separately; several may share a layer's units."""
    mixtures = variants_of(table, most=3)
    layers = st.lists(mixtures, min_size=1, max_size=3)
    return st.one_of(mixtures, layers.map(lambda each: {f"layer_{k}": one for k, one in enumerate(each, start=1)}))


def alternatives(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=1, max_size=most)


def shorthand(named: Any) -> str:
    """A mapping of names to settings, or of layers to such mappings, in the shorthand of the command line."""
    if isinstance(named, str):
        return named
    if "layer_1" in named:
        return "/".join(map(shorthand, named.values()))
    if any(isinstance(value, int | str) for value in named.values()):
        return ",".join(f"{key}={word(value)}" for key, value in named.items())
    return "+".join(
        f"{name}:{','.join(f'{key}={word(value)}' for key, value in settings.items())}" if settings else name
        for name, settings in named.items()
    )


def word(value: Any) -> str:
    """The value of a setting in shorthand."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


SMOOTH = {name: kind for name, kind in ACTIVATIONS.items() if kind.differentiable}
HARD = {name: kind for name, kind in ACTIVATIONS.items() if not kind.differentiable}
DESCENDING = {name: kind for name, kind in OPTIMIZERS.items() if kind.descends}
WITHOUT_LINK = {name: kind for name, kind in LOSSES.items() if not kind.link}

ARCHITECTURES = st.one_of(
    st.just("none"),
    WIDTHS,
    st.lists(WIDTHS, min_size=2, max_size=4).map(lambda widths: "-".join(map(str, widths))),
)
REGULARIZER_SETS = combinations_of(REGULARIZERS)
STOPPING_SETS = combinations_of(STOPPINGS)
TRAINING = {
    "epochs": st.integers(1, 1000),
    "batch_size": st.integers(1, 1000),
    "dtype": st.sampled_from(["float32", "float64"]),
    "initializer": variants_of(INITIALIZERS),
    "stopping": STOPPING_SETS,
    "outputs": st.one_of(st.just("auto"), variants_of(READINGS)),
    "measure": st.one_of(st.just("all"), st.integers(1, 1000)),
    "record": st.one_of(
        st.sampled_from(["all", "every=7", {"epochs": "log"}]), st.builds(lambda n: {"every": n}, st.integers(1, 1000))
    ),
    "keep": st.sampled_from(["none", "last", "best"]),
}
DATA = {
    "target": st.lists(st.sampled_from(["price", "size", "a b"]), min_size=1, max_size=2),
    "validation": st.one_of(
        st.floats(0.01, 0.99), st.integers(1, 1000), st.just("same"), st.integers(2, 1000).map("{}-fold".format)
    ),
    "preprocess": st.sampled_from(["standard", "minmax", "none", "channel_standard"]),
    "target_scaling": st.sampled_from(["standard", "none"]),
}
SOURCES = st.sampled_from(["digits", "sine:noise=0.2", "data/table.csv", "xor"])
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,20}", fullmatch=True)


def sweeps(
    axes: Mapping[str, st.SearchStrategy[Any]], training: Mapping[str, st.SearchStrategy[Any]], required: int = 0
) -> st.SearchStrategy[dict[str, Any]]:
    """Sweeps with some of these axes and settings; the first `required` axes are always present."""
    needed, others = (dict(part) for part in (list(axes.items())[:required], list(axes.items())[required:]))
    return st.fixed_dictionaries(
        {
            "name": NAMES,
            "data": st.fixed_dictionaries({"source": SOURCES}, optional=DATA),
            "training": st.fixed_dictionaries({}, optional={**TRAINING, **training}),
            "axes": st.fixed_dictionaries(needed, optional=others),
        },
        optional={"seed": st.integers(0, 2**63 - 1), "repeats": st.integers(1, 1000)},
    )


COMMON_AXES = {
    "regularizer": alternatives(REGULARIZER_SETS),
    "schedule": alternatives(variants_of(SCHEDULES)),
}
# Sweeps that can be trained: by the gradient, by the gradient of a loss with its own output function, or by the
# perceptron rule; and sweeps that can only be evaluated.
BY_GRADIENT = sweeps(
    {
        "optimizer": alternatives(variants_of(DESCENDING), most=3),
        "architecture": alternatives(ARCHITECTURES, most=3),
        "activation": alternatives(layers_of(SMOOTH), most=3),
        **COMMON_AXES,
    },
    {"output_activation": variants_of(SMOOTH, most=2), "loss": st.sampled_from(list(WITHOUT_LINK))},
)
WITH_LINK = sweeps(
    {"architecture": alternatives(ARCHITECTURES), "activation": alternatives(layers_of(SMOOTH)), **COMMON_AXES},
    {"output_activation": st.just("identity"), "loss": st.sampled_from(list(LOSSES))},
)
PERCEPTRONS = sweeps(
    {"optimizer": alternatives(variants_of({"perceptron": OPTIMIZERS["perceptron"]})), **COMMON_AXES}, {}, required=1
).flatmap(
    lambda written: variants_of(HARD, most=2).map(
        lambda function: {**written, "training": {**written["training"], "output_activation": function}}
    )
)
EVALUATED = sweeps(
    {
        "optimizer": st.just(["fixed"]),
        "architecture": alternatives(ARCHITECTURES),
        "activation": alternatives(layers_of(ACTIVATIONS)),
        **COMMON_AXES,
    },
    {"output_activation": variants_of(ACTIVATIONS, most=2)},
    required=1,
)
WRITTEN_SWEEPS = st.one_of(BY_GRADIENT, WITH_LINK, PERCEPTRONS, EVALUATED)

# Also with alternatives for settings that can have only one value as flags.
WRITTEN_FILES = st.one_of(
    WRITTEN_SWEEPS,
    sweeps(
        {
            "stopping": alternatives(STOPPING_SETS),
            "initializer": alternatives(variants_of(INITIALIZERS)),
            "output_activation": alternatives(variants_of(SMOOTH, most=3)),
            "batch_size": alternatives(st.integers(1, 1000)),
            "epochs": alternatives(st.integers(1, 1000)),
            **COMMON_AXES,
        },
        {},
    ).map(lambda written: {**written, "training": settings_beside(written)}),
)


def settings_beside(written: dict[str, Any]) -> dict[str, Any]:
    """The settings under `training` that are not axes."""
    return {key: value for key, value in written["training"].items() if key not in written["axes"]}


def as_yaml(written: dict[str, Any]) -> str:
    """A sweep as the text of a file; JSON is valid YAML 1.2."""
    return json.dumps(written, indent=2)


def as_flags(written: dict[str, Any]) -> Flags:
    """A sweep as equivalent flags."""
    data, axes = dict(written["data"]), written["axes"]
    rest = {key: value for key, value in written.items() if key not in ("data", "training", "axes")}
    one_value = data | rest | written["training"]
    return Flags(
        data=one_value.pop("source"),
        hidden=[str(item) for item in axes.get("architecture", ())],
        **{
            name: [shorthand(item) for item in axes.get(name, ())]
            for name in ("activation", "regularizer", "optimizer", "schedule")
        },
        **{key: flag_value(key, value) for key, value in one_value.items()},
    )


def flag_value(key: str, value: Any) -> Any:
    """The value of a flag that can be given only once."""
    if key == "target":
        return value
    return shorthand(value) if isinstance(value, dict) else str(value)
