"""Studies: what takes longer than a request, how far it is, and how it is given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.problems import Problem
from api.schemas_office import ComparedOut, StudyOut, TrialOut, VerdictOut
from api.security import Api, Context, Ordering, SignedIn, Watching
from controller.runtime.studies import Busy, Offices, Studies, Study, StudyKind

router = APIRouter(tags=["studies"])

Id = Annotated[str, Path(max_length=32)]


@router.get("/studies/{study}")
async def study(study: Id, who: Watching, api: Context) -> StudyOut:
    """Return how far a study is, and what it found."""
    return out(_own(api, who, study))


@router.delete("/studies/{study}", status_code=204)
async def cancel(study: Id, who: Ordering, api: Context) -> None:
    """Give a study up."""
    _own(api, who, study)
    offices_of(api).studies.cancel(study)


def offices_of(api: Api) -> Offices:
    """Return what studies the log. Raises ``Problem`` 404 for a building without a log of its own."""
    if api.facade.offices is None:
        raise Problem(404, "no_office", "This building keeps no log that could be studied.")
    return api.facade.offices


def begun(studies: Studies, who: SignedIn, kind: StudyKind, given: Mapping[str, Any]) -> Study:
    """Begin a study. Raises ``Problem`` 429 while too many are under way."""
    try:
        return studies.begin(who.operator.id, kind, given)
    except Busy:
        raise Problem(429, "busy", "Other studies are under way. Try again in a minute.") from None


async def answered(api: Api, who: SignedIn, kind: StudyKind, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a short study finds. Raises ``Problem`` 409 with its sentence where it finds nothing."""
    studies = offices_of(api).studies
    study = begun(studies, who, kind, given)
    try:
        done = await studies.over(study.id)
    finally:
        studies.cancel(study.id)
    if done is None or done.found is None:
        raise Problem(409, "not_found_out", (done.problem if done else None) or "The study was given up.")
    return done.found


def out(study: Study) -> StudyOut:
    """Return a study of a policy in the API's words. What others found is for those who asked for it."""
    found = study.found
    return StudyOut(
        id=study.id,
        kind=study.kind,
        share=study.share,
        over=study.over,
        problem=study.problem,
        compared=ComparedOut.model_validate(found) if found and study.kind is StudyKind.COMPARE else None,
        proven=[VerdictOut.model_validate(one) for one in found["verdicts"]]
        if found and study.kind is StudyKind.PROVE
        else None,
        trial=TrialOut.model_validate(found) if found and study.kind is StudyKind.WHAT_IF else None,
    )


def _own(api: Api, who: SignedIn, study: str) -> Study:
    found = offices_of(api).studies.find(study)
    if found is None or found.operator != who.operator.id:
        raise Problem(404, "unknown_study", "There is no such study, or it was given up.")
    return found
