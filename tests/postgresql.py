"""A PostgreSQL of the tests' own: a cluster in a folder of its own, on a socket of its own, gone with the tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

UNPRIVILEGED = "postgres"
"""PostgreSQL refuses to run as root: then its package's own user runs it."""

ROLE = "ostiary"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
START_SECONDS = "60"


class Cluster:
    """A running server; ``database`` makes an empty one, for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def database(self) -> sa.URL:
        name = f"box{next(self._numbers)}"
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return self._url(name)

    def stop(self) -> None:
        self.control("stop", "-m", "immediate")

    def start(self, options: str = "") -> None:
        options += f" -c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        self.control("start", "-w", "-t", START_SECONDS, "-o", options, "-l", f"{self.folder}/messages")

    def control(self, *words: str) -> None:
        self.program("pg_ctl", *words, "-D", f"{self.folder}/data")

    def program(self, name: str, *words: str) -> None:
        path = shutil.which(name) or str(PROGRAMS[-1] / name)
        who = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
        quiet = subprocess.DEVNULL  # a pipe would be inherited by the server, and never end
        subprocess.run([path, *words], check=True, stdin=quiet, stdout=quiet, stderr=quiet, cwd=self.folder, **who)

    def _url(self, database: str) -> sa.URL:
        return sa.URL.create("postgresql+psycopg", ROLE, database=database, query={"host": str(self.folder)})


@contextmanager
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="ostiary-pg-") as name:  # short: a socket's path has 107 bytes at most
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED, pwd.getpwnam(UNPRIVILEGED).pw_gid)
        server = Cluster(folder)
        server.program("initdb", "-D", f"{name}/data", "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-locale")
        server.start()
        try:
            yield server
        finally:
            server.stop()
