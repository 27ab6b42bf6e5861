"""The optimizers of the core as PyTorch optimizers."""

import torch
from fitgap.core.optimizers import Adam, AdamW, GradientDescent, HeavyBall, Momentum, Nesterov, RMSProp


class SquareRootRule(torch.optim.Optimizer):
    """w ← w − α·m/√(v + ε) with the averages m and v of Magyar 2024, Alg. 22 (β₁ = 0) and 23. PyTorch has ε outside the
    root.
    """

    def __init__(self, groups, lr, beta_1, beta_2, eps):
        super().__init__(groups, {"lr": lr, "beta_1": beta_1, "beta_2": beta_2, "eps": eps})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                mean, square = state.get("mean", 0.0), state.get("square", 0.0)
                state["mean"] = group["beta_1"] * mean + (1 - group["beta_1"]) * parameter.grad
                state["square"] = group["beta_2"] * square + (1 - group["beta_2"]) * parameter.grad**2
                parameter -= group["lr"] * state["mean"] / torch.sqrt(state["square"] + group["eps"])


def sgd(optimizer, groups, **momentum):
    """PyTorch adds full gradients to its velocity, so its steps are 1/(1 − β) times as long as ours."""
    beta = momentum.get("momentum", 0)
    return torch.optim.SGD(groups, lr=optimizer.rate * (1 - beta), dampening=0, foreach=False, **momentum)


def adam(optimizer, groups):
    if optimizer.form == "notes":
        return SquareRootRule(groups, optimizer.rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
    betas = optimizer.beta_1, optimizer.beta_2
    return torch.optim.Adam(groups, lr=optimizer.rate, betas=betas, eps=optimizer.epsilon, foreach=False)


def adamw(optimizer, groups):
    weights, others = groups
    weights["weight_decay"], others["weight_decay"] = optimizer.weight_decay, 0
    betas = optimizer.beta_1, optimizer.beta_2
    return torch.optim.AdamW(groups, lr=optimizer.rate, betas=betas, eps=optimizer.epsilon, foreach=False)


class ClippedAdam(torch.optim.Adam):
    """Adam with gradient norm clipping, without the 10⁻⁶ that PyTorch adds to the norm."""

    def __init__(self, optimizer, groups):
        super().__init__(groups, lr=optimizer.rate, eps=optimizer.epsilon, foreach=False)
        self.largest = optimizer.clip

    @torch.no_grad()
    def step(self):
        gradients = [each.grad for group in self.param_groups for each in group["params"] if each.grad is not None]
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        for gradient in gradients:
            gradient *= self.largest / torch.clamp(norm, min=self.largest)
        super().step()


# `groups` contains the weights and, separately, all other parameters.
OPTIMIZERS_THERE = {
    GradientDescent(rate=0.05): sgd,
    Momentum(rate=0.02): lambda each, groups: sgd(each, groups, momentum=each.beta),
    HeavyBall(rate=0.01, beta=0.8): lambda each, groups: torch.optim.SGD(
        groups, lr=each.rate, momentum=each.beta, foreach=False
    ),
    Nesterov(rate=0.05, beta=0.8): lambda each, groups: sgd(each, groups, momentum=each.beta, nesterov=True),
    RMSProp(rate=0.003): lambda each, groups: SquareRootRule(groups, each.rate, 0, each.beta, each.epsilon),
    Adam(rate=0.01): adam,
    Adam(rate=0.003, form="notes"): adam,
    Adam(rate=0.01, clip=0.2): ClippedAdam,
    AdamW(rate=0.01, weight_decay=0.1): adamw,
}
