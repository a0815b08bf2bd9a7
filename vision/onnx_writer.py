"""ONNX, as much of it as a network of convolutions needs: the bytes of a model, without the library.

Protocol buffers' wire format and the field numbers of onnx.proto3 (ONNX IR version 8, operator set 13).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPERATOR_SET = 8, 13
FLOAT, INT64 = 1, 7
"""`TensorProto.DataType`."""
_A_FLOAT, _AN_INT, _A_TEXT, _INTS = 1, 2, 3, 7
"""`AttributeProto.AttributeType`."""

Attribute = float | int | str | Sequence[int]
Array = NDArray[np.float32] | NDArray[np.int64]


def node(kind: str, takes: Sequence[str], gives: str, attributes: Mapping[str, Attribute] | None = None) -> bytes:
    """Return a `NodeProto`; more than one output is written as names with commas between."""
    fields = [_text(1, name) for name in takes] + [_text(2, name) for name in gives.split(",")]
    fields += [_text(3, gives), _text(4, kind)]
    fields += [_bytes(5, _attribute(name, value)) for name, value in (attributes or {}).items()]
    return b"".join(fields)


def tensor(name: str, values: Array) -> bytes:
    """Return a `TensorProto` with constant values."""
    kind = FLOAT if values.dtype == np.float32 else INT64
    shape = b"".join(_int(1, side) for side in values.shape)
    return shape + _int(2, kind) + _text(8, name) + _bytes(9, np.ascontiguousarray(values).tobytes())


def model(
    nodes: Sequence[bytes], constants: Sequence[bytes], takes: Mapping[str, Sequence[int]], gives: Sequence[str]
) -> bytes:
    """Return a `ModelProto`: its nodes in order, inputs with their shapes, the names of its outputs."""
    graph = b"".join(_bytes(1, each) for each in nodes) + _text(2, "graph")
    graph += b"".join(_bytes(5, each) for each in constants)
    graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in takes.items())
    graph += b"".join(_bytes(12, _value(name, ())) for name in gives)
    return _int(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _text(1, "") + _int(2, OPERATOR_SET))


def _value(name: str, shape: Sequence[int]) -> bytes:
    sides = b"".join(_bytes(1, _int(1, side)) for side in shape)
    kind = _int(1, FLOAT) + _bytes(2, sides)
    return _text(1, name) + _bytes(2, _bytes(1, kind))


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case float():
            return _text(1, name) + _varint(2 << 3 | 5) + np.float32(value).tobytes() + _int(20, _A_FLOAT)
        case int():
            return _text(1, name) + _int(3, value) + _int(20, _AN_INT)
        case str():
            return _text(1, name) + _text(4, value) + _int(20, _A_TEXT)
        case _:
            return _text(1, name) + b"".join(_int(8, each) for each in value) + _int(20, _INTS)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
