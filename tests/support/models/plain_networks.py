"""Networks from model files, computed number by number with the formulas of the notes: a second opinion."""

import json
import math

import numpy as np

FORMULAS = {
    "identity": lambda x: x,
    "threshold": lambda x: float(x > 0),
    "sign": lambda x: 1.0 if x > 0 else -1.0,
    "sigmoid": lambda x, beta, gamma: gamma / (1 + math.exp(-beta * x)),
    "tanh": math.tanh,
    "relu": lambda x: max(0.0, x),
    "prelu": lambda x, beta: x if x > 0 else beta * x,
    "silu": lambda x, beta, gamma: x * gamma / (1 + math.exp(-beta * x)),
    "elu": lambda x, beta: x if x > 0 else beta * (math.exp(x) - 1),
    "softplus": lambda x, beta, gamma: gamma / beta * math.log(1 + math.exp(beta * x)),
    "mish": lambda x, beta: x * math.tanh(math.log(1 + math.exp(beta * x)) / beta),
    "squareplus": lambda x, beta: (x + math.sqrt(x * x + beta)) / 2,
}


def plain_forward(arrays, told, scaled):
    """The outputs of the last layer, before the output function of the loss, for one example (n_0,) that is already
    scaled.
    """
    values = [float(value) for value in scaled]
    for number, functions in enumerate(told["layers"], start=1):
        function_of = {}
        for each in functions:
            numbers = {name: each[name] for name in ("beta", "gamma") if name in each}
            function_of |= dict.fromkeys(range(each["from"], each["to"]), (FORMULAS[each["name"]], numbers))
        values = [
            function_of[unit][0](
                sum(float(w) * value for w, value in zip(weights, values, strict=True)) + float(bias),
                **function_of[unit][1],
            )
            for unit, (weights, bias) in enumerate(
                zip(arrays[f"weights_{number}"], arrays[f"biases_{number}"], strict=True)
            )
        ]
    return values


def plain_answer(arrays, told, example):
    """The answer for one unscaled example (n_0,): the name of a class, or numbers."""
    filled = [fill if math.isnan(value) else value for value, fill in zip(example, arrays["input_fill"], strict=True)]
    limits = zip(filled, arrays["input_low"], arrays["input_high"], strict=True)
    filled = [min(max(value, low), high) for value, low, high in limits]
    shifts, factors = arrays["input_shift"], arrays["input_factor"]
    scaled = [(value - shift) * factor for value, shift, factor in zip(filled, shifts, factors, strict=True)]
    outputs, classes = plain_forward(arrays, told, scaled), told["class_names"]
    match told["reading"]["name"]:
        case "numbers":
            scaling = zip(outputs, arrays["target_shift"], arrays["target_factor"], strict=True)
            return [output / factor + shift for output, shift, factor in scaling]
        case "intervals":
            return classes[min(max(math.ceil(outputs[0] * len(classes)), 1), len(classes)) - 1]
        case "signs":
            return classes[outputs[0] > 0]
        case "zero_one" if told["loss"] == "sigmoid_cross_entropy":
            return classes[1 / (1 + math.exp(-outputs[0])) > 0.5]
        case "zero_one":
            return classes[outputs[0] > 0.5]
    # Softmax does not change which output is the largest.
    return [*classes, "unrecognized"][outputs.index(max(outputs))]


def read_file(path):
    with np.load(path) as file:
        arrays = dict(file)
    return arrays, json.loads(str(arrays["description"]))
