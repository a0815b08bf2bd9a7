import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.store import in_turn
from controller.store.in_turn import InTurn

COUNT = """
import sqlite3, sys
from controller.store.in_turn import InTurn
def count(_=None):
    connection = sqlite3.connect(sys.argv[1], factory=InTurn, timeout=0, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS counted (one)")
        connection.execute("INSERT INTO counted VALUES (1)")
        connection.commit()
    finally:
        connection.close()
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    list(pool.map(count, range(10)))
"""


def test_threads_and_processes_come_one_after_another_though_sqlite_itself_waits_for_nobody(tmp_path):
    file = tmp_path / "keys.db"
    together = [subprocess.Popen([sys.executable, "-c", COUNT, file]) for _ in range(2)]
    assert [process.wait(60) for process in together] == [0, 0]
    assert sqlite3.connect(file).execute("SELECT sum(one) FROM counted").fetchone() == (20,)


def test_whoever_could_not_open_the_file_lets_the_next_one_in(tmp_path):
    (tmp_path / "keys.db").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(tmp_path / "keys.db", factory=InTurn)
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    sqlite3.connect(tmp_path / "other.db", factory=InTurn).close()
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_a_turn_that_never_ends_is_left_to_sqlite_to_judge(tmp_path, monkeypatch):
    monkeypatch.setattr(in_turn, "PATIENCE_SECONDS", 0.1)
    file = tmp_path / "keys.db"
    kept = sqlite3.connect(file, factory=InTurn, check_same_thread=False)
    kept.execute("PRAGMA locking_mode=EXCLUSIVE")
    kept.execute("CREATE TABLE counted (one)")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_count, file)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            asked.result(30)
    kept.close()
    assert _count(file) == 0


def _count(file: Path) -> int:
    connection = sqlite3.connect(file, factory=InTurn, timeout=0)
    try:
        return int(connection.execute("SELECT count(*) FROM counted").fetchone()[0])
    finally:
        connection.close()
