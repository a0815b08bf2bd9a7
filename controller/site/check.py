"""What ``ostiary site check`` does: read a site file and say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from controller.domain.site import Site
from controller.site.errors import SiteError, SiteErrors, describe
from controller.site.loader import load_site


def check(path: Path) -> tuple[Site | None, list[SiteError]]:
    """The site and no errors, or no site and all errors in the order of their lines."""
    try:
        return load_site(path), []
    except SiteErrors as refused:
        return None, list(refused.errors)


def format_errors(errors: Iterable[SiteError]) -> str:
    """Errors for a terminal: ``FILE:LINE:COL: where: problem``, then an indented ``mend: ...``."""
    return "".join(f"{line}\n" for line in describe(errors))
