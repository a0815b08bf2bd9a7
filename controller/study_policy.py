"""What is found out about a policy before two bring it into force: in order, different, proven, tried on last week."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from controller.domain.events import Recorded
from controller.domain.site import Site
from controller.policies import Policies
from controller.replay import Asked, requests
from controller.site.check import format_errors
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from controller.study_log import WrongQuestion
from controller.whatif import changes

LAST = timedelta(days=7)
NAME = "the policy"

Found = Mapping[str, Any]
Shares = Callable[[Iterable[Found], int], Iterator[Found]]


def compared(policies: Policies, given: Found) -> Found:
    """Return what ``toml`` changes against the policy ``against`` (a digest), and what is not in order in it."""
    try:
        site = parse_site(str(given["toml"]).encode(), NAME, logged=bool(given.get("logged")))
    except SiteErrors as errors:
        return {"errors": format_errors(errors.errors).splitlines(), "changes": [], "digest": None}
    return {"errors": [], "changes": compare(policies.site(str(given["against"])), site), "digest": site.digest}


def proven(given: Found, shares: Shares) -> Found:
    """Return each sentence that ``toml`` says of itself, and how it is broken where it is."""
    from controller.prove.prover import prove  # the solver takes a second to load: no other study waits for it

    site = _site(given)
    verdicts = (
        {"id": one.invariant.id, "name": one.invariant.name, "broken": one.broken.lines(site) if one.broken else []}
        for one in prove(site)
    )
    found = [*shares(verdicts, len(site.invariants))]
    return {"verdicts": [{**one, "broken": [*one["broken"]]} for one in found]}


def what_if(records: Iterable[Recorded], given: Found) -> Found:
    """Decide the last week's requests under ``toml``; nobody is named, only how many it concerns."""
    site = _site(given)
    times: Counter[tuple[str, str, str, tuple[str, ...]]] = Counter()
    people: dict[tuple[str, str, str, tuple[str, ...]], set[str]] = {}
    last = _last_week(requests(records))
    for changed in changes(last, site):
        if changed is None:
            continue
        door = site.doors[changed.door].name if changed.door in site.doors else str(changed.door)
        row = (changed.change.value, str(changed.door), door, (*changed.reasons, *changed.factors))
        times[row] += 1
        people.setdefault(row, set()).add(changed.person)
    rows = [
        {"change": change, "door": name, "why": [*why], "entries": n, "people": len(people[change, door, name, why])}
        for (change, door, name, why), n in sorted(times.items())
    ]
    return {"decided": len(last), "rows": rows}


def _last_week(asked: Iterable[Asked]) -> deque[Asked]:
    """Keep what was asked within a week of the newest request."""
    kept: deque[Asked] = deque()
    for one in asked:
        kept.append(one)
        while kept[0].record.at.wall < one.record.at.wall - LAST:
            kept.popleft()
    return kept


def _site(given: Found) -> Site:
    try:
        return parse_site(str(given["toml"]).encode(), NAME, logged=bool(given.get("logged")))
    except SiteErrors as errors:
        raise WrongQuestion(format_errors(errors.errors)) from errors
