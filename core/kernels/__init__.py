"""Compiled passes: elementwise work on a pack's buffers in one loop instead of one NumPy call per operation.

A pass has two implementations with the same bits: NumPy functions, the reference, which the variants define, and a
formula, from which LLVM makes machine code. Sums and transcendental functions stay in NumPy, because their last bits
depend on how they are computed.
"""
