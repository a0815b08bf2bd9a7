"""Where a box's log lies: in its data folder, or in the PostgreSQL database it was once told.

The place is chosen at the first start and noted in the folder, so that whoever reads the log later reads the same one.
"""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

from controller.store.secret_files import SecretFiles, secret_files

LOG_FILE = "ostiary.db"
URL_FILE = "log-url"
"""The database's address. It may hold a password, so it is one of the folder's secret files."""

BROKER_FOLDER = "broker"

JOURNAL_NOTE = "journal-folder"
JOURNAL_FILE = "emergency.journal"

POSTGRESQL = "postgresql+psycopg"

LogPlace = Path | sa.URL


class WrongPlace(ValueError):
    """The log cannot lie there, or lies elsewhere already."""


def log_place(folder: Path, secrets: SecretFiles | None = None) -> LogPlace:
    """Return where the log of this folder lies. ``secrets``: the folder's, where the box is open already.

    Raises ``WrongPlace`` for a note that cannot be read, ``SealBroken`` where it is sealed and the box does not open.
    """
    noted = (secrets or secret_files(folder)).read(URL_FILE)
    return folder / LOG_FILE if noted is None else parse_url(noted.decode().strip())


def choose_place(folder: Path, url: str | None) -> LogPlace:
    """Return where the log lies, and note it where it is chosen now. Raises ``WrongPlace`` for a second choice.

    The same place with another password is noted anew.
    """
    secrets = secret_files(folder)
    if url is None:
        return log_place(folder, secrets)
    wanted, noted = parse_url(url), log_place(folder, secrets)
    if isinstance(noted, sa.URL):
        _refuse_another(wanted, noted, folder)
        if wanted != noted:
            secrets.write(URL_FILE, f"{url}\n".encode())
    elif (folder / LOG_FILE).exists():
        raise WrongPlace(
            f"the log of {folder} lies in {folder / LOG_FILE} already; a log is not split: name another --data"
        )
    else:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secrets.create(URL_FILE, f"{url}\n".encode())
    return wanted


def journal_file(folder: Path) -> Path:
    """Return where the emergency journal of this folder lies."""
    note = folder / JOURNAL_NOTE
    return (Path(note.read_text().strip()) if note.exists() else folder) / JOURNAL_FILE


def choose_journal(folder: Path, elsewhere: Path) -> None:
    """Have the emergency journal lie in another folder, best on another disk. Raises ``WrongPlace``.

    A journal that is there already stays: it may hold records that no log has yet.
    """
    wanted, now = elsewhere.absolute() / JOURNAL_FILE, journal_file(folder)
    if wanted == now:
        return
    if now.exists():
        raise WrongPlace(
            f"the emergency journal of {folder} lies in {now} already; start once without --journal-folder"
        )
    if not elsewhere.is_dir():
        raise WrongPlace(f"{elsewhere} is no folder; make it first, on another disk than {folder}")
    _note(folder, JOURNAL_NOTE, str(elsewhere.absolute()))


def parse_url(url: str) -> sa.URL:
    """Read a database's address. Raises ``WrongPlace``, without repeating what may hold a password."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise WrongPlace(f"the log's address is no {POSTGRESQL}://USER@HOST/DATABASE") from error
    if parsed.drivername != POSTGRESQL:
        raise WrongPlace(
            f"a log lies in its data folder or in {POSTGRESQL}://USER@HOST/DATABASE, not in {parsed.drivername}"
        )
    return parsed


def _refuse_another(wanted: sa.URL, noted: sa.URL, folder: Path) -> None:
    """Another password or another option is still the same log; another host or database is not."""
    if (wanted.host, wanted.port, wanted.database) != (noted.host, noted.port, noted.database):
        place = noted.render_as_string(hide_password=True)
        raise WrongPlace(f"the log of {folder} lies in {place} already; a log is not split: name another --data")


def _note(folder: Path, name: str, what: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(what + "\n")
        file.flush()
        os.fsync(file.fileno())
