"""Compiled passes: elementwise work on a pack's buffers in one loop instead of one NumPy call per operation.

A pass has two implementations that compute the same bits: NumPy functions, which the variants define and which are the
reference, and a formula that LLVM compiles to machine code. Sums and transcendental functions stay in NumPy, because
their last bits depend on how they are computed.
"""
