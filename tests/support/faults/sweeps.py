"""Small sweeps to disturb."""

# Four shapes, learned parameters, dropout, kept networks, rates that diverge and trials that stop early. A pack takes a
# few milliseconds.
TINY = """\
name: tiny
data: xor
seed: 5
repeats: 1
training: {epochs: 5, batch_size: 2, keep: best, stopping: {no_improvement: {epochs: 2}}}
axes:
  architecture: [2, 3]
  activation: [{prelu: {beta: 0.05, learn: beta}}, sigmoid]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: 1e+30}}]
"""
TINY_TRIALS = 2 * 2 * 2 * 2
