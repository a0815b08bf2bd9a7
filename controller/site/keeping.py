"""How long what is kept about people is kept: the ``[retention]`` table of a site file, in days."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.records import RetentionClass
from controller.site import kinds
from controller.site.reading import Table

_LONGEST = 3660  # ten years
_NOT_SAID = 0


def retention(table: Table) -> Mapping[RetentionClass, int]:
    """``[retention]``: days for each kind of data; a kind that is left out is kept."""
    days = {kind: table.want(kind.value, kinds.whole(1, _LONGEST, "days"), _NOT_SAID) for kind in RetentionClass}
    return {kind: said for kind, said in days.items() if said != _NOT_SAID}
