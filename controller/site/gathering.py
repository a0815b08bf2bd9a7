"""``[[safe_point]]``: where people gather when everybody leaves."""

from __future__ import annotations

from controller.domain.evacuation import SafePoint
from controller.domain.ids import SafePointId
from controller.site import kinds
from controller.site.kinds import Section
from controller.site.reading import Table
from controller.site.sections import READER

SAFE_POINT = Section("safe_point", SafePointId)


def safe_point(table: Table) -> SafePoint:
    """``[[safe_point]]``: whoever shows a badge at one of its readers during an evacuation is counted there."""
    return SafePoint(
        id=table.need("id", SAFE_POINT.ident, '"park"'),
        name=table.need("name", kinds.text, '"Park across the street"'),
        readers=table.want("readers", kinds.several(READER.ref), frozenset()),
    )
