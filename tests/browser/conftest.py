"""Chromium, driven so that any breach of the console's promises fails the test that caused it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from controller.domain.doors import Position
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import Role
from controller.domain.stimuli import PositionSeen
from tests.browser.box import Box, Hands, served

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--disable-gpu", "--disable-background-networking"]
expect.set_options(timeout=15_000)  # milliseconds: a busy machine is no fault of the page
REPORT_CSP = """
    document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="keep the screens' pictures in this folder")


@pytest.fixture(scope="module")
def arguments() -> list[str]:
    """Return what else Chromium is told at its start; whoever needs a webcam overrides this fixture."""
    return []


@pytest.fixture(scope="module")
def chromium(arguments: list[str]) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed (make setup installs it)")
    no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses a sandbox to root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS + no_sandbox + arguments)
        yield browser
        browser.close()


@pytest.fixture
def box() -> Iterator[Box]:
    """Return a running box; whoever has a whole one at hand overrides this fixture."""
    guard = OperatorId("guard")
    hands = Hands({guard: (Role.GUARD, "once-for-guard")})
    with served(hands) as (url, by_hand):
        yield Box(
            url=url,
            guard=(guard, "once-for-guard"),
            force_open=lambda door: by_hand(lambda: hands.claim(PositionSeen(DoorId(door), Position.OPEN))),
            stall=lambda seconds: by_hand(lambda: time.sleep(seconds)),
        )


Picture = Callable[[Page, str], None]


@pytest.fixture
def picture(pytestconfig: pytest.Config) -> Picture:
    """Return what keeps a picture of a screen, dark and light, where `--pictures` names a folder."""
    folder = pytestconfig.getoption("pictures")

    def keep(page: Page, name: str) -> None:
        for theme in ("dark", "light") if folder else ():
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png")

    return keep


class Watched:
    """A browser context whose pages may do nothing they should not."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.faults: list[str] = []
        self.expected: list[Callable[[str], bool]] = []

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: message.type == "error" and self._fault(message.text))
        page.on("pageerror", lambda error: self._fault(f"page error: {error}"))
        page.on("request", self._inside)
        page.goto(self.url, wait_until="domcontentloaded")
        return page

    def expect(self, part: str) -> None:
        """Allow one known fault: the browser itself writes refused requests to its console."""
        self.expected.append(lambda fault: part in fault)

    def _inside(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws", 1), "blob:", "data:")):
            self._fault(f"a request left the box: {request.url}")

    def _fault(self, fault: str) -> None:
        if not any(known(fault) for known in self.expected):
            self.faults.append(fault)


@pytest.fixture
def console(chromium: Browser, box: Box) -> Iterator[Callable[[], Watched]]:
    """Return a function that opens a console as one more person would, on a machine of their own."""
    opened: list[Watched] = []

    def one_more() -> Watched:
        context = chromium.new_context(
            viewport={"width": 1366, "height": 768},
            reduced_motion="reduce",
            locale="en-GB",
            ignore_https_errors=True,  # a whole box is its own authority: tests/controller/test_console_tls
        )
        context.add_init_script(REPORT_CSP)
        watched = Watched(context, box.url)
        watched.expect("status of 401")  # "who is signed in?" before anybody is
        watched.expect("status of 409")  # "choose a new password"
        opened.append(watched)
        return watched

    yield one_more
    for watched in opened:
        watched.context.close()
        assert watched.faults == []
