"""Machine code of fused passes: loops in LLVM's intermediate representation, compiled for this processor.

No fast-math flag is set and nothing is contracted to fused multiply-add, so every operation is rounded as IEEE 754
prescribes, whatever the width of the processor's vectors.

A compiled pass is a C function with one argument: a table of 64-bit integers. It holds the lengths of the axes, such as
K, I, J, and for every operand its address and its strides along all axes but the last, in elements.
"""

import ctypes
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, reduce

import llvmlite.binding as llvm
import numpy as np
from fitgap.core.kernels.expressions import (
    Choice,
    Constant,
    Expression,
    Operand,
    Operation,
    magnitude,
    square_root,
    where_greater,
)
from fitgap.core.kernels.fused_pass import FusedPass
from llvmlite import ir

INDEX = ir.IntType(64)
TYPES = {"float32": ir.FloatType(), "float64": ir.DoubleType()}
OPERATIONS = {
    "add": ir.IRBuilder.fadd,
    "subtract": ir.IRBuilder.fsub,
    "multiply": ir.IRBuilder.fmul,
    "divide": ir.IRBuilder.fdiv,
    "negate": ir.IRBuilder.fneg,
}
INTRINSICS = {"square_root": "llvm.sqrt", "magnitude": "llvm.fabs"}

SPECIAL_VALUES = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 3e38, 1.0)

CompiledPass = Callable[[int], None]

_CREATION = threading.Lock()


class Compiler:
    """LLVM for this processor. It owns the machine code of everything that it compiled in this process."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten()
        self.processor = llvm.get_host_cpu_name()
        self.machine = target.create_target_machine(cpu=self.processor, features=features, opt=3)
        self.engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self.machine)
        self.count = 0
        self.lock = threading.Lock()
        check_bits(self)

    def compile(self, fused: FusedPass, dtype: str) -> CompiledPass:
        """The machine code of a pass as a function that takes the address of its table."""
        with self.lock:
            self.count += 1
            name = f"pass_{self.count}"
            module = llvm.parse_assembly(str(loops(fused, dtype, name)))
            module.verify()
            self._optimize(module)
            self.engine.add_module(module)
            self.engine.finalize_object()
            return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.engine.get_function_address(name))

    def _optimize(self, module: llvm.ModuleRef) -> None:
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = True
        builder = llvm.create_pass_builder(self.machine, options)
        builder.getModulePassManager().run(module, builder)


def compiler() -> Compiler:
    """The compiler of this process. RuntimeError if LLVM does not know this processor or its bits are not NumPy's."""
    # Without the lock, two threads could each create a compiler; freeing one would free the machine code it compiled.
    with _CREATION:
        return the_compiler()


@cache
def the_compiler() -> Compiler:
    """The compiler, created on first use. Only one thread may call this at a time."""
    return Compiler()


def check_bits(compiler: Compiler) -> None:
    """Compare one pass with NumPy, in case LLVM rounds differently on this processor."""
    x = np.array([*SPECIAL_VALUES, *np.linspace(-3, 3, 45)], np.float32)
    y, out = x[::-1].copy(), np.empty_like(x)
    entries = [1, 1, len(x)]
    for array in (x, y, out):
        entries += [array.ctypes.data, 0, 0]
    table = np.array(entries, np.int64)
    compiler.compile(FusedPass(("x", "y", "out"), frozenset(), checked), "float32")(table.ctypes.data)
    with np.errstate(all="ignore"):
        expected = np.where(x > y, x * y + x, np.sqrt(np.abs(x)) / y - y)
    if not np.array_equal(out, expected, equal_nan=True):
        raise RuntimeError("on this processor, LLVM does not reproduce NumPy's results bit for bit")


def checked(x: Expression, y: Expression, out: Expression) -> dict[str, Expression]:
    return {"out": where_greater(x, y, x * y + x, square_root(magnitude(x)) / y - y)}


def loops(fused: FusedPass, dtype: str, name: str) -> ir.Module:
    """A module with the function `name`, which computes the pass on operands of this dtype."""
    module = ir.Module(name)
    body = Loops(module, fused, dtype, f"{name}_body").function
    table = ir.Function(module, ir.FunctionType(ir.VoidType(), [INDEX.as_pointer()]), name)
    builder = ir.IRBuilder(table.append_basic_block())
    values = []
    for position, argument in enumerate(body.args):
        value = builder.load(builder.gep(table.args[0], [INDEX(position)]))
        is_address = isinstance(argument.type, ir.PointerType)
        values.append(builder.inttoptr(value, argument.type) if is_address else value)
    builder.call(body, values)
    builder.ret_void()
    return module


class Loops:
    """The function with the nested loops of a pass, one per axis. Its arguments are the entries of the table.

    It is a separate function because only arguments can be declared not to overlap (`noalias`), which lets LLVM
    vectorize without checking.
    """

    def __init__(self, module: ir.Module, fused: FusedPass, dtype: str, name: str):
        self.module, self.fused, self.type = module, fused, TYPES[dtype]
        # The lengths of the axes; then an address and the strides of all axes but the last for each operand.
        per_operand = [self.type.as_pointer(), *[INDEX] * (fused.axes - 1)]
        arguments = [INDEX] * fused.axes + per_operand * len(fused.operands)
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
        self.function.linkage = "internal"
        for argument in self.function.args[fused.axes :: fused.axes]:
            argument.add_attribute("noalias")
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self._write()

    def _write(self) -> None:
        *outer, inner = self.function.args[: self.fused.axes]
        with ExitStack() as loops:
            places = [loops.enter_context(self._loop(count)) for count in outer]
            starts = {name: self._start(number, places) for number, name in enumerate(self.fused.operands)}
            steady = {name: self.builder.load(starts[name]) for name in sorted(self.fused.steady)}
            with self._loop(inner) as position:
                self._write_position(starts, steady, position)
        self.builder.ret_void()

    def _loop(self, count: ir.Value) -> "Loop":
        return Loop(self.builder, count)

    def _start(self, number: int, places: list[ir.Value]) -> ir.Value:
        """The address of an operand's first number at these positions along all axes but the last."""
        first = self.fused.axes * (number + 1)
        address, *strides = self.function.args[first : first + self.fused.axes]
        offsets = [self.builder.mul(place, stride) for place, stride in zip(places, strides, strict=True)]
        return self.builder.gep(address, [reduce(self.builder.add, offsets)])

    def _write_position(self, starts: dict[str, ir.Value], steady: dict[str, ir.Value], position: ir.Value) -> None:
        addresses = {name: self.builder.gep(start, [position]) for name, start in starts.items() if name not in steady}
        known: dict[Expression, ir.Value] = {}
        values = steady | {name: self.builder.load(address) for name, address in addresses.items()}
        results = {name: self._value(each, values, known) for name, each in self.fused.results().items()}
        for name, value in results.items():
            self.builder.store(value, addresses[name])

    def _value(self, each: Expression, values: dict[str, ir.Value], known: dict[Expression, ir.Value]) -> ir.Value:
        """The value of an expression; instructions for a part that occurs twice are generated once."""
        if each not in known:
            known[each] = self._instructions(each, values, known)
        return known[each]

    def _instructions(
        self, each: Expression, values: dict[str, ir.Value], known: dict[Expression, ir.Value]
    ) -> ir.Value:
        match each:
            case Operand(name):
                return values[name]
            case Constant(value):
                return self.type(rounded(value, self.type))
            case Operation(kind, terms):
                arguments = [self._value(term, values, known) for term in terms]
                if kind in INTRINSICS:
                    function = self.module.declare_intrinsic(INTRINSICS[kind], [self.type])
                    return self.builder.call(function, arguments)
                return OPERATIONS[kind](self.builder, *arguments)
            case Choice(left, right, chosen, otherwise, or_equal):
                first, second, *alternatives = (
                    self._value(term, values, known) for term in (left, right, chosen, otherwise)
                )
                condition = self.builder.fcmp_ordered(">=" if or_equal else ">", first, second)
                return self.builder.select(condition, *alternatives)
        raise TypeError(f"no instructions for {each!r}")


class Loop:
    """A loop over 0 … count − 1, possibly empty; instructions built inside `with` are its body."""

    def __init__(self, builder: ir.IRBuilder, count: ir.Value):
        self.builder, self.count = builder, count

    def __enter__(self) -> ir.Value:
        before = self.builder.block
        self.head, self.body, self.after = (self.builder.append_basic_block() for _ in range(3))
        self.builder.branch(self.head)
        self.builder.position_at_end(self.head)
        self.index = self.builder.phi(INDEX)
        self.index.add_incoming(INDEX(0), before)
        self.builder.cbranch(self.builder.icmp_signed("<", self.index, self.count), self.body, self.after)
        self.builder.position_at_end(self.body)
        return self.index

    def __exit__(self, *error: object) -> None:
        following = self.builder.add(self.index, INDEX(1))
        self.index.add_incoming(following, self.builder.block)
        self.builder.branch(self.head)
        self.builder.position_at_end(self.after)


def rounded(value: float, kind: ir.Type) -> float:
    """The nearest number of the type; NumPy rounds Python numbers in operations with arrays in the same way."""
    return float(np.float32(value)) if isinstance(kind, ir.FloatType) else float(value)
