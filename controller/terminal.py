"""Where the commands print: as they are told, without colours of its own choosing, line breaks, or pictures."""

from __future__ import annotations

from rich.console import Console

# `:AB:` is an emoji to rich, and stands in a fingerprint.
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
