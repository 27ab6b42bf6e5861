"""The small sweep that tests of commands train: as a file, as flags, and its number of trials."""

# Several architectures, dropout, two optimizers and a rate that diverges; takes well under a second.
SMALL_SWEEP = """\
name: small
data: {source: iris, validation: 0.3}
seed: 3
repeats: 2
training: {epochs: 4, batch_size: 16}
axes:
  architecture: [4, 6-3]
  activation: [relu, {prelu: {beta: 0.05}}]
  regularizer: [none, {l2: {weight: 1e-3}, dropout: {ratio: 0.2}}]
  optimizer: [{gradient_descent: {rate: [0.1, 1e+30]}}, adam]
"""
SMALL_TRIALS = 2 * 2 * 2 * 3 * 2
SMALL_DIVERGED = SMALL_TRIALS // 3
# The same sweep, as flags.
SMALL_FLAGS = (
    *("--data", "iris", "--validation", "0.3", "--seed", "3", "--repeats", "2", "--name", "small"),
    *("--epochs", "4", "--batch-size", "16", "--hidden", "4", "--hidden", "6-3"),
    *("--activation", "relu", "--activation", "prelu:beta=0.05"),
    *("--regularizer", "none", "--regularizer", "l2:weight=1e-3+dropout:ratio=0.2"),
    *("--optimizer", "gradient_descent:rate=0.1", "--optimizer", "gradient_descent:rate=1e+30", "--optimizer", "adam"),
)
