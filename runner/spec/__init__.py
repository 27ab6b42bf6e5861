"""Sweep specifications: the sweep file, the command-line shorthand, and the expansion of axes into configurations."""

from fitgap.runner.spec.advice_obstacle import advice_obstacle
from fitgap.runner.spec.budget import Budget, budget_from_flags
from fitgap.runner.spec.configuration import Choice, Configuration
from fitgap.runner.spec.data_settings import DataSettings
from fitgap.runner.spec.flags import Flags
from fitgap.runner.spec.loading import (
    data_from_flags,
    data_from_mapping,
    sweep_from_file,
    sweep_from_flags,
    sweep_from_mapping,
    sweep_from_text,
    sweep_with_more,
    with_flags,
)
from fitgap.runner.spec.pruning_checks import check_budget_of_pruning, require_extensible
from fitgap.runner.spec.pruning_settings import (
    HalvingSettings,
    HyperbandSettings,
    MedianSettings,
    PruningSettings,
    stored_pruning,
)
from fitgap.runner.spec.repeat_settings import RepeatRounds, require_equal_repeats, stored_rounds
from fitgap.runner.spec.split_settings import Folds
from fitgap.runner.spec.sweep import Sweep, stored_sweep_of
from fitgap.runner.spec.training_settings import TrainingSettings

__all__ = [
    "Budget",
    "Choice",
    "Configuration",
    "DataSettings",
    "Flags",
    "Folds",
    "HalvingSettings",
    "HyperbandSettings",
    "MedianSettings",
    "PruningSettings",
    "RepeatRounds",
    "Sweep",
    "TrainingSettings",
    "advice_obstacle",
    "budget_from_flags",
    "check_budget_of_pruning",
    "data_from_flags",
    "data_from_mapping",
    "require_equal_repeats",
    "require_extensible",
    "stored_pruning",
    "stored_rounds",
    "stored_sweep_of",
    "sweep_from_file",
    "sweep_from_flags",
    "sweep_from_mapping",
    "sweep_from_text",
    "sweep_with_more",
    "with_flags",
]
