"""The site file: its versions, what another one would mean, and how two bring it into force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from api.problems import Problem
from api.routes.studies import begun, offices_of, out
from api.schemas_office import (
    ActivatedOut,
    ActivateIn,
    PoliciesOut,
    PolicyStudyIn,
    PolicyTextOut,
    PolicyVersionOut,
    StudyOut,
)
from api.security import Context, Fresh, Ordering, SignedIn, Watching
from api.signing import second_person
from controller.domain.operators import Role
from controller.runtime.studies import NotActivated, StudyKind

SEES_POLICY = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.AUDITOR})
"""Whoever knows how a building is guarded knows how to get in."""

MAY_ACTIVATE = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER})

router = APIRouter(tags=["policy"])


@router.get("/policy")
async def policies(who: Watching, api: Context) -> PoliciesOut:
    """Return every policy that came into force, the newest first."""
    _may_see(who)
    versions = await offices_of(api).policies.versions()
    return PoliciesOut(
        in_force=api.facade.moment().site.digest,
        versions=[
            PolicyVersionOut(digest=v.digest, seq=v.seq, time=v.at, operator=v.operator, second=v.second)
            for v in versions
        ],
    )


@router.get("/policy/{digest}")
async def policy(digest: Annotated[str, Path(max_length=64)], who: Watching, api: Context) -> PolicyTextOut:
    """Return the site file as it was, byte for byte out of the log."""
    _may_see(who)
    toml = await offices_of(api).policies.text(digest)
    if toml is None:
        raise Problem(404, "unknown_policy", "The log holds no such policy.")
    return PolicyTextOut(digest=digest, toml=toml)


@router.post("/policy/studies", status_code=202)
async def study(asked: PolicyStudyIn, who: Ordering, api: Context) -> StudyOut:
    """Begin to compare, prove or try a policy. Ask ``/studies/{id}`` how far it is."""
    _may_see(who)
    given = {"toml": asked.toml, "against": api.facade.moment().site.digest}
    return out(begun(offices_of(api).studies, who, StudyKind(asked.kind), given))


@router.post("/policy/activate")
async def activate(asked: ActivateIn, who: Fresh, request: Request, api: Context) -> ActivatedOut:
    """Bring a policy into force: checked, proven, and agreed by two, one of them a security officer."""
    if who.operator.role not in MAY_ACTIVATE:  # the rules judge both; here nobody's password is tried in vain
        raise Problem(403, "not_your_role", "Your role may not bring a policy into force.")
    office = offices_of(api).policies
    second = await second_person(api, asked.second, request)
    try:
        seq = await office.activate(who.operator.id, second.id, asked.toml, asked.in_force)
    except NotActivated as refused:
        raise Problem(409, "not_activated", str(refused)) from refused
    return ActivatedOut(seq=seq)


def _may_see(who: SignedIn) -> None:
    if who.operator.role not in SEES_POLICY:
        raise Problem(403, "not_your_role", "Your role may not see the policy.")
