"""A report on paper and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import FontFace

FONTS = Path(__file__).parent / "fonts"
FAMILY = "DejaVu Sans"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""

MOST_PRINTED = 2_000
"""Rows on paper; a longer table is for a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """A report: ``heading`` is its title, ``made_for`` says who wanted it and why."""

    heading: str
    made_for: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    made: datetime


class FontMissing(RuntimeError):
    """The font of reports was not fetched at set-up."""


def to_csv(table: Table) -> bytes:
    """Return RFC 4180 in UTF-8, with the mark by which a spreadsheet knows it. No cell is ever a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(table.columns)
    writer.writerows([inert(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows and never computes."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def to_pdf(table: Table) -> bytes:
    """Return A4 pages, names shaped as they are written: Arabic joins its letters and runs from the right.

    Raises ``FontMissing``.
    """
    pdf = _Paper(table)
    pdf.add_page()
    pdf.set_font_size(8)
    with pdf.table(text_align="LEFT", headings_style=FontFace(emphasis="BOLD"), line_height=4.5, padding=0.8) as grid:
        grid.row(list(table.columns))
        for row in table.rows[:MOST_PRINTED]:
            grid.row(list(row))
    if len(table.rows) > MOST_PRINTED:
        pdf.ln(4)
        pdf.multi_cell(0, text=f"The first {MOST_PRINTED} of {len(table.rows)} rows; the rest stands in the CSV.")
    return bytes(pdf.output())


class _Paper(FPDF):
    def __init__(self, table: Table) -> None:
        super().__init__(orientation="landscape", format="A4")
        if not (FONTS / "DejaVuSans.ttf").is_file():
            raise FontMissing("the font of reports is not there: run make setup")
        self._table = table
        self.add_font(FAMILY, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_font(FAMILY, "", 8)
        self.set_text_shaping(use_shaping_engine=True)
        self.set_title(table.heading)
        self.set_creation_date(table.made)
        self.set_auto_page_break(auto=True, margin=16)

    def header(self) -> None:
        """Say on each page what this is, and for whom it was made."""
        self.set_font(FAMILY, "B", 12)
        self.cell(0, 7, self._table.heading, new_x="LMARGIN", new_y="NEXT")
        self.set_font(FAMILY, "", 8)
        self.cell(0, 5, self._table.made_for, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def footer(self) -> None:
        """Number the pages."""
        self.set_y(-12)
        self.set_font(FAMILY, "", 8)
        self.cell(0, 6, f"{self.page_no()} / {{nb}}", align="C")
