"""Remedies: what to change about a configuration, as names for programs and as words for people."""

from enum import StrEnum


class Remedy(StrEnum):
    """One kind of change to a configuration, by the names that programs read."""

    LOWER_RATE = "lower_rate"
    HIGHER_RATE = "higher_rate"
    OTHER_OPTIMIZER = "other_optimizer"
    MORE_EPOCHS = "more_epochs"
    FEWER_EPOCHS = "fewer_epochs"
    LATER_STOPPING = "later_stopping"
    HIDDEN_LAYER = "hidden_layer"
    LARGER_NETWORK = "larger_network"
    SMALLER_NETWORK = "smaller_network"
    RECTIFIER = "rectifier"
    OTHER_INITIALIZER = "other_initializer"
    WEAKER_PENALTY = "weaker_penalty"
    WEAKER_DROPOUT = "weaker_dropout"
    NEW_PENALTY = "new_penalty"
    STRONGER_REGULARIZER = "stronger_regularizer"
    SMALLER_BATCH = "smaller_batch"
    CLIPPED_GRADIENT = "clipped_gradient"
    AS_SIBLING = "as_sibling"
    FURTHER = "further"


WORDS = {
    Remedy.LOWER_RATE: "a lower learning rate",
    Remedy.HIGHER_RATE: "a higher learning rate",
    Remedy.OTHER_OPTIMIZER: "another optimizer, such as adam",
    Remedy.MORE_EPOCHS: "more epochs",
    Remedy.FEWER_EPOCHS: "fewer epochs, or stopping with no_improvement",
    Remedy.LATER_STOPPING: "a stopping rule that stops later",
    Remedy.HIDDEN_LAYER: "a hidden layer with a nonlinear activation",
    Remedy.LARGER_NETWORK: "a larger network",
    Remedy.SMALLER_NETWORK: "a smaller network",
    Remedy.RECTIFIER: "relu or elu as the activation",
    Remedy.OTHER_INITIALIZER: "another initializer",
    Remedy.WEAKER_PENALTY: "a smaller weight of the penalty",
    Remedy.WEAKER_DROPOUT: "a smaller dropout ratio",
    Remedy.NEW_PENALTY: "a regularizer, such as l2",
    Remedy.STRONGER_REGULARIZER: "a stronger regularizer",
    Remedy.SMALLER_BATCH: "a smaller batch size",
    Remedy.CLIPPED_GRADIENT: "a limit to the norm of the gradient",
    Remedy.FURTHER: "the next value beyond the end of the axis",
    Remedy.AS_SIBLING: "the setting of the better configuration",
}


def in_words(remedies: tuple[Remedy, ...]) -> str:
    """The remedies in words, in order: `a larger network, or more epochs`."""
    words = [WORDS[each] for each in remedies]
    return ", or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
