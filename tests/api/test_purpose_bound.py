"""No route hands out a person's record without a purpose: read off the API's own description, new routes included."""

from __future__ import annotations

import json
import re

from api.openapi import document

NAMING = {"AlikeOut", "WhoOut", "PersonOut"}
"""The answers' only parts that say who somebody is."""

LIVE = {
    "GET /api/view": "who is at which door now",
    "GET /api/stream": "the same, as it goes on",
    "GET /api/muster": "who must be looked for in an emergency",
    "GET /api/events": "the log as it goes by, of the whole building and never of one person",
    "GET /api/events/{seq}": "why a guard's door just said no",
    "GET /api/visits": "who is expected at the desk today",
    "POST /api/people/{cardholder}/face": "who looks like somebody new: the operator compares them, on the record",
    "POST /api/visits/hosts": "whom a visitor at the desk may have come to see: names alone",
}
"""What a post is for (docs/privacy.md). A route that joins these must be argued for here."""

SPEC = json.loads(document())
SCHEMAS = SPEC["components"]["schemas"]


def reached(part, seen=frozenset()):
    """Every schema that a part of the description is made of."""
    for name in set(re.findall(r"#/components/schemas/(\w+)", json.dumps(part))) - seen:
        seen = reached(SCHEMAS[name], seen | {name})
    return seen


def operations():
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def answers(operation):
    return [answer for code, answer in operation["responses"].items() if code.startswith("2")]


def takes_a_purpose(operation):
    asked = operation.get("requestBody", {})
    return asked.get("required") and any("purpose" in SCHEMAS[name].get("required", ()) for name in reached(asked))


def test_every_answer_that_says_who_somebody_is_takes_a_purpose_or_is_a_posts_own_screen():
    naming = {name: operation for name, operation in operations() if reached(answers(operation)) & NAMING}
    bound = {name for name, operation in naming.items() if takes_a_purpose(operation)}
    assert len(bound) >= 5
    assert set(naming) - bound == set(LIVE)


def test_every_route_that_reads_one_person_takes_a_purpose():
    reading = {
        name: operation
        for name, operation in operations()
        if "{cardholder}" in name and name not in LIVE and reached(answers(operation)) - {"OrderedOut"}
    }
    assert len(reading) >= 2
    assert all(takes_a_purpose(operation) for operation in reading.values())
