"""scikit-learn's GridSearchCV over MLPClassifier with Adam, in two processes that have already started."""

import os
import time

# Every fit warns that it has not converged after so few epochs. The variable is read when joblib starts its processes.
os.environ["PYTHONWARNINGS"] = "ignore"

from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.neural_network import MLPClassifier

from benchmarks.digits import BATCH_SIZE, digits
from benchmarks.sweeps import GRID_ACTIVATIONS, GRID_REPEATS, GRID_VALIDATION, grid_rates, grid_sizes

# scikit-learn's names, where they differ from fitgap's.
NAMES = {"sigmoid": "logistic"}


def time_search(epochs: int, workers: int, quick: bool) -> dict[str, float]:
    """Fits per second of the whole grid, after joblib has started its processes and loaded scikit-learn in them."""
    inputs, targets = digits()
    classes = targets.argmax(axis=1)
    grid = {
        "hidden_layer_sizes": [(int(size),) for size in grid_sizes(quick)],
        "activation": [NAMES.get(name, name) for name in GRID_ACTIVATIONS],
        "learning_rate_init": grid_rates(quick),
    }
    search({name: values[:1] for name, values in grid.items()}, epochs, workers).fit(inputs, classes)
    searching = search(grid, epochs, workers)
    before = time.perf_counter()
    searching.fit(inputs, classes)
    seconds = time.perf_counter() - before
    fits = GRID_REPEATS * len(searching.cv_results_["params"])
    return {"trials": fits / seconds, "seconds": seconds}


def search(grid: dict[str, list], epochs: int, workers: int) -> GridSearchCV:
    network = MLPClassifier(batch_size=BATCH_SIZE, max_iter=epochs, alpha=0, tol=0, n_iter_no_change=10**9)
    splits = ShuffleSplit(n_splits=GRID_REPEATS, test_size=GRID_VALIDATION, random_state=0)
    return GridSearchCV(network, grid, cv=splits, n_jobs=workers, refit=False, error_score="raise")
