"""What each role sees and may do in a browser: its rows of tests/golden/rights.txt, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from controller.domain.operators import Role
from tests.api.fakes import PASSWORD
from tests.api.test_rights import BECAUSE, BODIES, GOLDEN, PURPOSES, Ruled, filled
from tests.browser.box import served

pytestmark = pytest.mark.browser

FOR_EVERYBODY = {"watch", "alarms", "doors", "muster", "settings"}
LIVES_BY = {
    "cameras": "GET /api/cameras/{camera}/picture",
    "people": "POST /api/people/search",
    "visitors": "GET /api/visits",
    "operators": "GET /api/operators",
    "reports": "POST /api/reports",
    "devices": "GET /api/devices",
    "policy": "GET /api/policy",
}
"""The route without which a screen is nothing: who may not ask for it, is not shown the screen."""

THE_LOG = "audit"
"""Everybody may read what happened; the screen of it is for those who supervise or check."""


class Post(Ruled):
    """The building of the reviewed table, behind a page."""

    async def live(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture(scope="module")
def box() -> Iterator[Post]:
    post = Post()
    with served(post) as (url, _):
        post.url = url
        yield post


def reviewed() -> dict[str, dict[str, str]]:
    """Return for each route who may, and for each of them what for ("": no purpose is asked)."""
    found: dict[str, dict[str, str]] = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            found[line] = rows = {}
        elif line.strip() != "nobody alone":
            role, _, purposes = line.strip().partition(" ")
            rows[role] = purposes.strip("()")
    return found


RIGHTS = reviewed()


def sign_in(page: Page, role: Role) -> None:
    page.get_by_label("Name", exact=True).fill(role.value)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def asked(page: Page) -> dict[str, str]:
    """Ask for every route from this page, and return what is not refused for its rights, as the table writes it."""
    questions = []
    for route in RIGHTS:
        verb, path = route.split(" ")
        body = BODIES.get(path, BECAUSE)
        purposes = PURPOSES if "case" in body else ("",)
        bodies = [{**body, **({"purpose": purpose} if purpose else {})} for purpose in purposes]
        questions += [
            [route, verb, filled(path), purpose, said, path in BODIES]
            for purpose, said in zip(purposes, bodies, strict=True)
        ]
    answered = page.evaluate(
        """async (questions) => {
            const { csrf } = await (await fetch("/api/me")).json();
            const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json" };
            const ask = async (method, path, body) => {
                const post = method === "POST" && body !== null;
                const said = await fetch(path, { method, headers, body: post ? JSON.stringify(body) : undefined });
                await said.body?.cancel();
                return said.status;
            };
            const may = [];
            for (const [route, verb, path, purpose, body, known] of questions) {
                let status = await ask(verb, path, body);
                if (status === 422 && !known) status = await ask(verb, path, null);
                if (status === 422 || status >= 500) throw new Error(`${verb} ${path}: ${status}`);
                if (status !== 403) may.push([route, purpose]);
            }
            return may;
        }""",
        questions,
    )
    found: dict[str, str] = {}
    for route, purpose in answered:
        found[route] = f"{found[route]}, {purpose}" if found.get(route) else purpose
    return found


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_a_role_sees_and_may_do_exactly_its_rows(console, box, role):
    opened = console()
    opened.expect("status of 404")  # this building keeps no versions of its policy
    page = opened.page()
    sign_in(page, role)
    shown = set(page.locator("[data-screen]").evaluate_all("all => all.map((one) => one.dataset.screen)"))
    due = {screen for screen, route in LIVES_BY.items() if role.value in RIGHTS[route]}
    assert shown - {THE_LOG} == FOR_EVERYBODY | due
    for screen in shown:
        page.locator(f"[data-screen={screen}]").click()  # a screen that asks for what is refused fails the test
        expect(page.locator(f"[data-screen={screen}][aria-current=page]")).to_be_visible()
    opened.expect("the server responded with a status of")  # from here on refusals are what is looked for
    assert asked(page) == {route: who[role.value] for route, who in RIGHTS.items() if role.value in who}
