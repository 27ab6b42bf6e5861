"""The recurrent networks of the `layers` table and their random sequences, in a form that each peer can translate."""

import numpy as np

STEPS, CHANNELS, UNITS, OUTPUTS = 50, 2, 32, 1
REPEATS, EXAMPLES = 4, 320
# Number of weighted sums per unit, by the name of the layer.
SUMS = {"rnn": 1, "gru": 3, "lstm": 4}
CASES = {f"{STEPS}x{CHANNELS} {word}{UNITS}": word for word in SUMS}


def sequences() -> tuple[np.ndarray, np.ndarray]:
    """Random sequences (N, steps, channels) and targets (N, 1)."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(EXAMPLES, STEPS, CHANNELS)).astype(np.float32)
    return inputs, rng.uniform(size=(EXAMPLES, OUTPUTS)).astype(np.float32)
