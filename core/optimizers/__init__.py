"""Optimizers: how a gradient changes the parameters (Magyar 2024, §3.2 and §3.4).

Every optimizer works on rows of the pack's buffers: `parameters`, `gradient`, `scratch` and each of `slots` are (k, P).
Numeric settings are passed as arrays (k, 1), or (1, 1) if all members have the same value. Slots start at 0 and are the
whole state of an optimizer.

The literature uses averages, v ← βv + (1 − β)g. Here, a slot holds the sum s = v/(1 − β), s ← βs + g. This saves a
pass over whole rows; the factor 1 − β is applied to the small arrays of settings.
"""

from fitgap.core.optimizers.adaptive import Adam, AdamW, RMSProp
from fitgap.core.optimizers.momentum import HeavyBall, Momentum, Nesterov
from fitgap.core.optimizers.optimizer import Optimizer
from fitgap.core.optimizers.plain import Fixed, GradientDescent, PerceptronRule

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "heavy_ball": HeavyBall,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
    "perceptron": PerceptronRule,
    "fixed": Fixed,
}
