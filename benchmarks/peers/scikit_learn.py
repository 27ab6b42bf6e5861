"""scikit-learn's MLPRegressor with Adam, which minimizes the same half squared error."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT, training_digits
from benchmarks.networks import layer_sizes
from benchmarks.timing import microseconds_per_step

EPOCHS_PER_CALL = 5


def time_fit(layers: str, seconds: float) -> dict[str, float]:
    """µs per step of `fit`, which continues from the current weights; the first call is not counted."""
    inputs, targets = training_digits()
    network = MLPRegressor(
        hidden_layer_sizes=layer_sizes(layers)[1:-1],
        batch_size=BATCH_SIZE,
        max_iter=EPOCHS_PER_CALL,
        warm_start=True,
        alpha=0,
        tol=0,
        n_iter_no_change=10**9,
        random_state=0,
    )

    def train_epochs() -> int:
        # `fit` warns that it has not converged after so few epochs.
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            network.fit(inputs, targets)
        return EPOCHS_PER_CALL * TRAINING_COUNT

    return {"microseconds": microseconds_per_step(train_epochs, seconds)}
