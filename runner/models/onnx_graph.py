"""ONNX graphs under construction. Needs the package `onnx`."""

from typing import Any

import numpy as np

DOUBLE = np.float64


class Graph:
    """A graph under construction. Values are referred to by name; those of a nested graph have another prefix."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append an operator; returns the name of its result."""
        name = output or f"{self.prefix}{operator.lower()}_{len(self.nodes)}"
        self.add_node(operator, list(inputs), [name], **attributes)
        return name

    def add_node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        """Append an operator with several results."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))

    def constant(self, values: Any, dtype: Any = DOUBLE) -> str:
        """The name of a constant with these values."""
        from onnx import helper, numpy_helper

        name = f"{self.prefix}constant_{len(self.constants)}"
        if dtype is str:
            texts = [text.encode() for text in values]
            tensor = helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(np.dtype(object)), [len(texts)], texts)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(values, dtype), name)
        self.constants.append(tensor)
        return name

    def cast(self, value: str, dtype: Any) -> str:
        """The value in another type."""
        from onnx import helper

        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
