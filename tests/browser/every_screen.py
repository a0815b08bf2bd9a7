"""Every screen of the console, one after the other, as whoever walks the rail sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
"""Deque's checker of accessibility: the console's lock file holds its hash."""

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def screens(page: Page) -> Iterator[str]:
    """Go to every screen the rail offers, and yield its name once it is the one that is shown."""
    for name in page.locator("[data-screen]").evaluate_all("all => all.map((one) => one.dataset.screen)"):
        page.locator(f"[data-screen={name}]").click()
        expect(page.locator(f"[data-screen={name}][aria-current=page]")).to_be_visible()
        yield name


def speak(page: Page, language: str) -> None:
    """Choose the page's language under Settings."""
    page.locator("[data-screen=settings]").click()
    page.locator("main select[name=language]").select_option(language)
    expect(page.locator(f"html[lang={language}] [data-screen=settings]")).to_be_visible()
    page.locator("[data-screen=settings]").click()


def turn(page: Page, theme: str) -> None:
    """Show the page dark or light."""
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)


def violations(page: Page, *, within: str = "html") -> list[str]:
    """Return what axe finds wrong in a part of the page as it is, one line for each element.

    The checker comes in over the debugger's own world: the page's policy would refuse it as a script of the page.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(
        """async ([within, values]) => {
            const runOnly = { type: "tag", values };
            const { violations } = await axe.run(within, { runOnly, resultTypes: ["violations"] });
            return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any, all, none }) =>
                `${id}: ${html.slice(0, 160)} ${[...any, ...all, ...none].map(({ message }) => message).join("; ")}`));
        }""",
        [within, STANDARD],
    )


def focused(page: Page) -> dict[str, object]:
    """Return what has the focus: its text, a number that is its own, and whether somebody sees that it has it."""
    return page.evaluate(
        """() => {
            const one = document.activeElement, { left, top, right, bottom } = one.getBoundingClientRect();
            const rings = [one, ...one.querySelectorAll(".ring, path")].map((part) => getComputedStyle(part));
            const ringed = rings.some(({ outlineStyle, stroke }, place) =>
                place === 0 ? outlineStyle !== "none" : stroke !== "none" && one.closest("svg"));
            const inside = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
            return {
                text: (one.getAttribute("aria-label") ?? one.textContent).trim(),
                place: (one.place ??= window.places = (window.places ?? 0) + 1),
                shown: inside && ringed,
            };
        }"""
    )


def reaches(page: Page, stops: int) -> list[dict[str, object]]:
    """Press Tab until the focus leaves the page, so many times at most, and return what it came to."""
    seen: list[dict[str, object]] = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        seen.append(focused(page))
    return seen
