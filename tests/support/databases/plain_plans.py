"""The plan of a sweep and the identity of a driver, as plain data, for tests of the store that train nothing."""

from fitgap.runner.store import DriverIdentity, SweepPlan

IDENTITY = DriverIdentity("machine", 1, "1", {})


def plain_plan(configurations=2, repeats=1, **changes) -> SweepPlan:
    """The plan of a sweep with N configurations, or with these; `changes` replaces other fields."""
    if isinstance(configurations, int):
        configurations = [plain_configuration(number) for number in range(configurations)]
    plain = {
        "name": "plan",
        "specification": {"name": "plan", "seed": 0},
        "data_set": {
            "name": "made",
            "fingerprint": "f" * 16,
            "example_count": 10,
            "target_kind": "numbers",
            "input_names": ["left", "right"],
            "target_names": ["sum"],
            "class_names": [],
        },
        "splits": [
            {
                "repeat": repeat,
                "training_count": 7,
                "validation_count": 3,
                "constant_columns": [1],
                "preprocessing": {},
            }
            for repeat in range(1, repeats + 1)
        ],
        "configurations": configurations,
        "program_version": "0",
    }
    return SweepPlan(**{**plain, **changes})


def plain_configuration(number, **changes) -> dict:
    """The row of a configuration, in the form that `SweepPlan` uses."""
    plain = {
        "hash": f"{number:016x}",
        "settings": {"number": number},
        "architecture": "4",
        "layers": "2-4-1",
        "activation": "relu",
        "output_activation": "identity",
        "initializer": "he_normal",
        "regularizer": "none",
        "optimizer": "adam:rate=0.001",
        "schedule": "constant",
        "stopping": "none",
        "loss": "half_squared_error",
        "learning_rate": 0.001,
        "batch_size": 32,
        "planned_epochs": 3,
        "parameters": 17,
    }
    return {**plain, **changes}
