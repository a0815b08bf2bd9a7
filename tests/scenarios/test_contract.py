"""The API's own schema against a whole box: whatever is sent, no answer is a 5xx, and none is one it did not announce.

`OSTIARY_CONTRACT` says how many requests each route gets; `make soak` sends many more.
"""

from __future__ import annotations

import asyncio
import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi import document
from controller.bootstrap import Box, Ports
from controller.domain.operators import Role
from devices.mqtt.waiting import forget
from simulators.guard import Guard
from tests.scenarios.test_crash import SITE

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(0 if "OSTIARY_CONTRACT" in os.environ else 300)]

EXAMPLES = int(os.environ.get("OSTIARY_CONTRACT", "2"))
SECONDS = 60.0
STRANGERS = ("/api/session", "/api/account", "/api/stream")
"""Sent by nobody who is signed in: they end the sign-in that the rest needs, or never end themselves."""
QUIETLY = settings(database=None, derandomize=True, suppress_health_check=[*HealthCheck])
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def folder(tmp_path):
    yield tmp_path / "data"
    forget(tmp_path / "data" / "broker")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_the_box_keeps_the_contract_it_publishes(folder, tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    async with Box(folder, site, Ports(console=False, plain_http=True)) as box:
        password = await box.admin.add_operator("officer", Role.SECURITY_OFFICER, "test")
        async with Guard(box.url) as officer:
            officer._http.timeout = SECONDS
            await officer.sign_in("officer", password)
            person = {"name": "Ada Example", "kind": "staff", "clearance": 1, "reason": "joins"}
            await officer.order("people", **person)
            signed_in = {"X-CSRF-Token": officer._http.headers["X-CSRF-Token"]}
            signed_in["Cookie"] = "; ".join(f"{one.name}={one.value}" for one in officer._http.cookies.jar)
            answers = await asyncio.to_thread(sent, box.url, signed_in)
    assert len(answers) > 100
    let_in = [route for route, statuses in answers.items() if statuses & {200, 202}]
    assert len(let_in) > 30


def sent(url, signed_in):
    """Send each route its requests, and return the statuses that each answered with."""
    spec = json.loads(document())
    spec["components"].pop("securitySchemes")
    answers = {}
    for found in schemathesis.openapi.from_dict(spec).get_all_operations():
        operation = found.ok()
        headers = {} if operation.path.startswith(STRANGERS) else signed_in
        answers[operation.label] = tell(operation, url, headers)
    return answers


def tell(operation, url, headers):
    statuses = set()

    @settings(QUIETLY, max_examples=EXAMPLES)
    @given(case=operation.as_strategy())
    def kept(case):
        answer = case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=SECONDS)
        statuses.add(answer.status_code)

    kept()
    return statuses
