"""How a thing is called in the log, the API and the console: the snake_case of its name in the code."""

from __future__ import annotations

import re


def word_for(kind: type[object]) -> str:
    """Return the word a class goes by: ``AccessGranted`` is ``access_granted``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
