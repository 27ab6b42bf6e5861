"""A plan of a sweep and the identity of a driver, as plain data: for tests of the store that train nothing."""

from runner.store import DriverIdentity, SweepPlan

IDENTITY = DriverIdentity("machine", 1, "1", {})


def plain_plan(trials: int, name: str = "plain") -> SweepPlan:
    """A sweep of so many configurations, each with one repeat."""
    return SweepPlan(
        name=name,
        specification={"name": name},
        data_set={
            "name": "made",
            "fingerprint": "f" * 16,
            "example_count": 10,
            "target_kind": "numbers",
            "input_names": ["left", "right"],
            "target_names": ["sum"],
            "class_names": [],
        },
        splits=[
            {
                "repeat": 1,
                "training_count": 7,
                "validation_count": 3,
                "constant_columns": [],
                "preprocessing": {},
            }
        ],
        configurations=[plain_configuration(number) for number in range(trials)],
        program_version="0",
    )


def plain_configuration(number: int) -> dict:
    return {
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
        "planned_epochs": 30,
        "parameters": 17,
    }
