"""From the address to the first thing on the screen: a whole box, a real Chromium that never saw the page before."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, async_playwright

from benchmarks.alarm_to_pixel import CHROMIUM, DOORS, chromium_arguments
from benchmarks.building import Files
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, Row
from benchmarks.wires import opened
from controller.demo import demo_site

PROMISE_MS = 1000.0
PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""
"""Milliseconds from the beginning of the navigation to the first text or picture (W3C Paint Timing)."""


async def first_paint(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Open the console anew, again and again, in English and in Arabic; the slowest counts."""
    english, arabic = [], []
    async with (
        opened(Files(*demo_site(), DOORS), folder / "data", console=True) as (_, box),
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=chromium_arguments())
        try:
            await _painted(browser, box.url, "en-GB")  # the browser itself is still starting: not the page's time
            for _ in range(extent.paints):
                english.append(await _painted(browser, box.url, "en-GB"))
                arabic.append(await _painted(browser, box.url, "ar"))
                tick(2)
        finally:
            await browser.close()
    return Row(
        "first_paint",
        max(english),
        "ms",
        Figure(f"≤ 1 s on loopback, nothing in the browser's cache, the slowest of {len(english)}", PROMISE_MS),
        Figure("the same in Arabic, whose words are fetched besides", max(arabic)),
    )


async def _painted(browser: Browser, url: str, locale: str) -> float:
    """Return the milliseconds to the first paint in a browser context of its own: its cache is empty."""
    context = await browser.new_context(
        viewport={"width": 1366, "height": 768}, locale=locale, ignore_https_errors=True
    )
    page = await context.new_page()
    await page.goto(url, wait_until="domcontentloaded")
    painted = await page.wait_for_function(PAINTED)
    milliseconds = float(await painted.json_value())
    await context.close()
    return milliseconds
