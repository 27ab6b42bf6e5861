"""A sweep in which configurations use the training examples in different ways."""

CLASSES = {"source": {"moons": {"noise": 0.3, "examples": 300}}, "validation": 0.4}
SWEEP = {
    "name": "less",
    "data": CLASSES,
    "seed": 2,
    "repeats": 2,
    "training": {"epochs": 6},
    "axes": {
        "architecture": [4, 16],
        "optimizer": ["adam:rate=0.02"],
        "training_examples": [20, 0.5, "all"],
        "label_noise": [0, 0.25],
    },
}
