"""A dense network computed unit by unit, as in Magyar 2024: a second opinion."""

import math

from fitgap.core.activations import Identity, ReLU, Tanh

FUNCTIONS = {
    Identity: (lambda x: x, lambda x: 1),
    Tanh: (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    ReLU: (lambda x: max(x, 0), lambda x: 1 if x > 0 else 0),
}


class LoopedNetwork:
    """One network, unit by unit: Magyar 2024, Alg. 5 and 7 with corrections 1, 3, 4 and 5.

    w[k][j][i] is the weight from unit i of layer k − 1 to unit j of layer k; unit 0 is the bias unit, the constant 1.
    """

    def __init__(self, sizes, w, hidden, output):
        self.sizes, self.w = sizes, w
        self.depth = len(sizes) - 1
        self.functions = [None] + [FUNCTIONS[type(hidden)]] * (self.depth - 1) + [FUNCTIONS[type(output)]]
        self.gradient = [None] + [
            [[0.0] * (sizes[k - 1] + 1) for _ in range(sizes[k] + 1)] for k in range(1, self.depth + 1)
        ]

    def evaluate(self, x):
        self.a, self.s = [[1.0, *x]], [None]
        for k in range(1, self.depth + 1):
            f = self.functions[k][0]
            sums = [sum(w * a for w, a in zip(row, self.a[k - 1], strict=True)) for row in self.w[k][1:]]
            self.s.append([None, *sums])
            self.a.append([1.0, *map(f, sums)])
        return self.a[-1][1:]

    def adjust_gradient(self, y):
        above = [(a - target) for a, target in zip(self.a[-1][1:], y, strict=True)]
        for k in range(self.depth, 0, -1):
            slope = self.functions[k][1]
            d = [None] + [above[j - 1] * slope(self.s[k][j]) for j in range(1, self.sizes[k] + 1)]
            for j in range(1, self.sizes[k] + 1):
                for i in range(self.sizes[k - 1] + 1):
                    self.gradient[k][j][i] += d[j] * self.a[k - 1][i]
            above = [
                sum(d[j] * self.w[k][j][i] for j in range(1, self.sizes[k] + 1))
                for i in range(1, self.sizes[k - 1] + 1)
            ]


def looped(networks, row, member):
    """The looped network that corresponds to one member of a pack."""
    w = [None]
    for weights, biases in zip(networks.weights, networks.biases, strict=True):
        rows = [[float(b), *map(float, units)] for b, units in zip(biases[row, 0], weights[row], strict=True)]
        w.append([None, *rows])
    return LoopedNetwork(networks.layout.sizes, w, member.activations[0][0], member.activations[-1][0])
