"""Whatever the core speaks of, as one line for somebody to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from immutables import Map

from controller.domain.words import word_for

TOLD_ELSEWHERE = frozenset({"trace", "asked"})
"""The checks of a decision are in the other tables."""


def line(value: Any) -> str:
    """Return a value's word and its parts, but for those that are not there."""
    parts = (f"{name}={text(part)}" for name, part in parts_of(value) if part is not None)
    return f"{word_for(type(value))} {' '.join(parts)}".rstrip()


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a value."""
    return ((each.name, getattr(value, each.name)) for each in fields(value) if each.name not in TOLD_ELSEWHERE)


def text(value: Any) -> str:
    """Return a part of a value."""
    match value:
        case Enum():
            return str(value.value)
        case float():
            return f"{value:g}"
        case frozenset():
            return "{" + ",".join(sorted(map(text, value))) + "}"
        case tuple():
            return "(" + ",".join(map(text, value)) + ")"
        case Map():
            return "{" + ",".join(sorted(f"{text(key)}:{text(part)}" for key, part in value.items())) + "}"
        case str() | int() | None:
            return repr(value) if value == "" else str(value)
        case _ if is_dataclass(value):
            return f"[{line(value)}]"
    return str(value)
