"""The log's proofs: what an auditor's own browser needs to check that nothing was changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.problems import Problem
from api.routes.events import Seq, may_see
from api.routes.studies import answered
from api.schemas_office import CheckpointOut, ProofOut, RootOut
from api.security import Context, SignedIn, Watching
from controller.domain.operators import Role
from controller.runtime.studies import StudyKind

CHECKS_THE_LOG = frozenset({Role.SECURITY_OFFICER, Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})

router = APIRouter(tags=["audit"])


@router.get("/audit/checkpoint")
async def checkpoint(who: Watching, api: Context) -> CheckpointOut:
    """Return the newest signed checkpoint, and how many entries there are by now."""
    _may_check(who)
    return CheckpointOut.model_validate(await answered(api, who, StudyKind.CHECKPOINT, {}))


@router.get("/audit/roots/{size}")
async def root(size: Annotated[int, Path(ge=1, lt=2**53)], who: Watching, api: Context) -> RootOut:
    """Return the root of the log's first entries, to be held against a witness's copy of that size."""
    _may_check(who)
    return RootOut.model_validate(await answered(api, who, StudyKind.ROOT, {"size": size}))


@router.get("/audit/entries/{seq}/proof")
async def proof(seq: Seq, who: Watching, api: Context) -> ProofOut:
    """Return the bytes of an entry, and the proof that the newest checkpoint counts it.

    The bytes are those of the log: people as pseudonyms, names and typed words sealed.
    """
    _may_check(who)
    found = next(iter(api.facade.read(before=seq + 1, limit=1)), None)
    if found is None or found.seq != seq or not may_see(who, found):
        raise Problem(404, "unknown_event", "There is no such record.")
    return ProofOut.model_validate(await answered(api, who, StudyKind.ENTRY_PROOF, {"seq": seq}))


def _may_check(who: SignedIn) -> None:
    if who.operator.role not in CHECKS_THE_LOG:
        raise Problem(403, "not_your_role", "Your role may not check the log.")
