"""Who may go further in at a threat level."""

from __future__ import annotations

from controller.domain.decision import DenyReason
from controller.rules.case import Case, Finding

ANYBODY = Finding("the threat level lets in whoever has the right")


def lets_in(case: Case) -> Finding:
    """Refuse whoever the threat level keeps out: by who they are to the mission, or by the access levels they hold.

    On the way out it refuses nobody.
    """
    kinds, levels = case.threat.allowed_kinds, case.threat.allowed_levels
    if (kinds is None and levels is None) or not case.way_in:
        return ANYBODY
    kept_out = (kinds is not None and case.holder.kind not in kinds) or (
        levels is not None and not levels & case.holder.levels
    )
    facts = f"{case.holder.id} is {case.holder.kind}; threat level {case.threat.number} "
    if kept_out:
        return Finding(facts + "keeps them out", DenyReason.THREAT_LEVEL)
    return Finding(facts + "lets them in")
