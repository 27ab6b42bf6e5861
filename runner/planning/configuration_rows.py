"""The rows of configurations: their settings with labels and numbers for queries."""

from typing import Any

from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Configuration


def configuration_row(configuration: Configuration, prepared: PreparedSweep) -> dict[str, Any]:
    """A configuration's labels and numbers for queries and display, with its canonical settings."""
    network, variant = prepared.network(configuration), variant_of(configuration, prepared.sweep)
    return {
        "hash": configuration.hash,
        "settings": configuration.canonical(),
        "architecture": configuration.architecture_label,
        "layers": network.label,
        "activation": configuration.activation_label,
        "output_activation": configuration.output_activation_label,
        "initializer": configuration.initializer.label,
        "regularizer": configuration.regularizer_label,
        "optimizer": configuration.optimizer.label,
        "schedule": configuration.schedule.label,
        "stopping": configuration.stopping_label,
        "loss": configuration.loss.label,
        "learning_rate": configuration.optimizer.variant.rate,
        "batch_size": configuration.batch_size,
        "planned_epochs": configuration.epochs,
        "parameters": network.parameter_count,
        "training_examples": prepared.training_count(variant, repeat=1),
        "label_noise": variant.label_noise,
        "variant": variant.label,
        "peers": variant.of_peers.label,
    }
