"""Where every key and array element of a TOML document stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path: TypeAlias = tuple[str | int, ...]
"""Keys and array indices from the root, as they index the parsed document: ``("door", 3, "lock", "device")``."""

Position: TypeAlias = tuple[int, int]
"""Line and column, both from 1, the column in characters."""

_TOML = Language(tree_sitter_toml.language())
_MAX_DEPTH = 32  # what is nested deeper is found by its parent's line
_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})
_NOT_VALUES = _KEYS | {"comment"}


@dataclass(slots=True)
class Positions:
    """The place of each path, and of the paths that stand there twice."""

    places: dict[Path, Position] = field(default_factory=dict)
    twice: list[tuple[Path, Position, Position]] = field(default_factory=list)

    def find(self, path: Path) -> Position:
        """The place of ``path``, or of the nearest enclosing thing that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def locate(document: bytes) -> Positions:
    """Index a TOML document, even one with mistakes in it. Total: never raises."""
    return _Walk(document).positions


class _Walk:
    def __init__(self, document: bytes) -> None:
        self.positions = Positions()
        self._lines = document.split(b"\n")
        self._rows: Counter[Path] = Counter()  # elements so far of each array of tables
        for node in Parser(_TOML).parse(document).root_node.children:
            self._statement(node)

    def _statement(self, node: Node) -> None:
        match node.type:
            case "pair":
                self._pair(node, (), 0)
            case "table":
                path = self._resolve(_keys(node.named_children[0])) if node.named_children else ()
                self._mark(path, node)
                self._pairs(node, path)
            case "table_array_element" if node.named_children:
                path = self._resolve(_keys(node.named_children[0]), new_row=True)
                self.positions.places.setdefault(path[:-1], self._position(node))
                self.positions.places[path] = self._position(node)
                self._pairs(node, path)
            case _:
                pass

    def _pairs(self, table: Node, path: Path) -> None:
        for child in table.named_children:
            if child.type == "pair":
                self._pair(child, path, 0)

    def _pair(self, node: Node, parent: Path, depth: int) -> None:
        children = [child for child in node.named_children if child.type != "comment"]
        path = parent + _keys(children[0])
        for length in range(len(parent) + 1, len(path)):
            self.positions.places.setdefault(path[:length], self._position(node))
        self._mark(path, node)
        if len(children) > 1:
            self._value(children[1], path, depth)

    def _value(self, node: Node, path: Path, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            return
        if node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(child, path, depth + 1)
        elif node.type == "array":
            elements = (child for child in node.named_children if child.type not in _NOT_VALUES)
            for index, child in enumerate(elements):
                self.positions.places[(*path, index)] = self._position(child)
                self._value(child, (*path, index), depth + 1)

    def _resolve(self, keys: tuple[str, ...], *, new_row: bool = False) -> Path:
        """A header's keys as a path: below an array of tables, a header means its last row."""
        path: Path = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            if new_row and position == len(keys) - 1:
                self._rows[path] += 1
            if path in self._rows:
                path = (*path, self._rows[path] - 1)
        return path

    def _mark(self, path: Path, node: Node) -> None:
        here = self._position(node)
        first = self.positions.places.setdefault(path, here)
        if first != here:
            self.positions.twice.append((path, first, here))

    def _position(self, node: Node) -> Position:
        row, byte = node.start_point.row, node.start_point.column
        return row + 1, len(self._lines[row][:byte].decode("utf-8", "replace")) + 1


def _keys(node: Node) -> tuple[str, ...]:
    """A bare, quoted or dotted key as its parts."""
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _keys(child))
    text = (node.text or b"").decode("utf-8", "replace")
    return (text[1:-1] if node.type == "quoted_key" else text,)
