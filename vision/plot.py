"""The curves of a calibration as an SVG: how many of the right people are let in, at each false match rate. Pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 520
LEFT, TOP, RIGHT, BOTTOM = 70, 40, 640, 460
LOWEST, HIGHEST = -6, -2
"""Powers of ten of the false match rate."""
LEAST_SHOWN = 0.5
FONT = 'font-family="sans-serif" font-size="13"'
COLOURS = {"dlib": "#b45309", "mobilefacenet": "#1d4ed8", "fusion": "#15803d"}
DASHES = {"single": "2 4", "best_of": "8 4", "mean": "none"}
WORDS = {"single": "one photo", "best_of": "nearest of five", "mean": "mean of five"}


def svg(document: Mapping[str, Any]) -> str:
    """Return the picture of what `calibrating.calibrate` made."""
    curves = [
        (engine, mode, row["curve"])
        for engine, one in document["engines"].items()
        for mode, row in one["modes"].items()
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_grid(),
        _stated(float(document["fmr"])),
        *(_curve(engine, mode, curve) for engine, mode, curve in curves),
        *_legend([(engine, mode) for engine, mode, _ in curves]),
        _text(LEFT, 22, "Right people let in, by how many strangers would be let in as somebody", "start"),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _across(rate: float) -> float:
    return LEFT + (math.log10(rate) - LOWEST) / (HIGHEST - LOWEST) * (RIGHT - LEFT)


def _down(share: float) -> float:
    return BOTTOM - (max(share, LEAST_SHOWN) - LEAST_SHOWN) / (1 - LEAST_SHOWN) * (BOTTOM - TOP)


def _grid() -> list[str]:
    lines = []
    for power in range(LOWEST, HIGHEST + 1):
        x = _across(10.0**power)
        lines += [_line(x, TOP, x, BOTTOM), _text(x, BOTTOM + 20, f"1 in {10**-power:,}", "middle")]
    for percent in range(50, 101, 10):
        y = _down(percent / 100)
        lines += [_line(LEFT, y, RIGHT, y), _text(LEFT - 8, y + 4, f"{percent} %", "end")]
    return [*lines, _text((LEFT + RIGHT) / 2, BOTTOM + 44, "false match rate", "middle")]


def _stated(rate: float) -> str:
    x = _across(rate)
    return f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}" stroke="#111827" stroke-width="1.5"/>'


def _curve(engine: str, mode: str, curve: Sequence[Sequence[float]]) -> str:
    points = " ".join(f"{_across(rate):.1f},{_down(share):.1f}" for rate, _, share in curve)
    return f'<polyline points="{points}" fill="none" {_stroke(engine, mode)}/>'


def _legend(curves: Sequence[tuple[str, str]]) -> list[str]:
    lines = []
    for row, (engine, mode) in enumerate(curves):
        y = TOP + 20 + 22 * row
        lines.append(f'<line x1="{RIGHT + 20}" y1="{y}" x2="{RIGHT + 50}" y2="{y}" {_stroke(engine, mode)}/>')
        lines.append(_text(RIGHT + 58, y + 4, f"{engine}, {WORDS.get(mode, mode)}", "start"))
    return lines


def _stroke(engine: str, mode: str) -> str:
    colour, dash = COLOURS.get(engine, "#374151"), DASHES.get(mode, "none")
    return f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d1d5db"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#111827">{escape(words)}</text>'
