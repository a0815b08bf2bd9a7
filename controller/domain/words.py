"""How a thing is called in the log, the API and the console: the snake_case of its name in the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

ADDED: Mapping[str, bool] = MappingProxyType({"added": True})
"""Marks a field that an event got later. Left at its default it is not written: what was logged keeps its bytes."""


def word_for(kind: type[object]) -> str:
    """Return the word a class goes by: ``AccessGranted`` is ``access_granted``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
