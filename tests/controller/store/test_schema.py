"""The log's form: made step by step, the same as what is written to, and never taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from controller.store.engines import writing_engine
from controller.store.eventlog import LogUnreachable, SqlEventLog
from controller.store.fence import Fenced
from controller.store.place import (
    URL_FILE,
    WrongPlace,
    choose_journal,
    choose_place,
    journal_file,
    log_place,
    parse_url,
)
from controller.store.schema import EVENT, HEAD, METADATA, MIGRATIONS, NewerLog, bring_up, revision
from tests.controller.store.databases import asked, engine, meddle
from tests.controller.store.test_eventlog import done, record

pytestmark = pytest.mark.anyio

BEFORE_FORMS_HAD_NUMBERS = """
CREATE TABLE event (
    seq BIGINT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL, wall BIGINT NOT NULL,
    mono BIGINT NOT NULL, boot TEXT NOT NULL, body {blob} NOT NULL, leaf {blob} NOT NULL, chain {blob} NOT NULL
)
"""


def steps():
    told = Config()
    told.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(told)


def brought_up(place):
    with writing_engine(place).connect() as connection:
        bring_up(connection)


def test_todays_form_is_the_newest_step_and_there_is_one_line_of_them():
    assert steps().get_heads() == [HEAD]


def test_the_steps_lead_to_the_table_that_is_written_to(place):
    brought_up(place)
    with engine(place).connect() as connection:
        from alembic.autogenerate import compare_metadata

        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, METADATA) == []
        found = {column["name"]: str(column["type"]) for column in sa.inspect(connection).get_columns("event")}
        assert list(found) == [column.name for column in EVENT.columns]
        assert revision(connection) == HEAD


def test_a_store_from_before_forms_had_numbers_is_brought_up_with_what_it_holds(place):
    blob = "BYTEA" if isinstance(place, sa.URL) else "BLOB"
    with engine(place).begin() as connection:
        connection.execute(sa.text(BEFORE_FORMS_HAD_NUMBERS.format(blob=blob)))
        row = {"seq": 1, "kind": "k", "version": 1, "wall": 0, "mono": 0, "boot": "b"}
        connection.execute(EVENT.insert(), [{**row, "body": b"b", "leaf": b"l", "chain": b"c"}])
    brought_up(place)
    assert asked(place, "select kind from event") == ["k"]
    assert asked(place, "select version_num from alembic_version") == [HEAD]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        asked(place, "delete from event returning seq")


def test_a_step_that_power_cut_short_is_taken_again(place):
    brought_up(place)
    with engine(place).begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '0001'"))
    brought_up(place)
    assert asked(place, "select version_num from alembic_version") == [HEAD]


async def test_a_newer_log_is_refused_with_a_sentence_and_stays_as_it_is(place):
    brought_up(place)
    with engine(place).begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '0099'"))
    with pytest.raises(NewerLog, match="form 0099, which a newer version wrote: 0002 is the newest known here"):
        SqlEventLog(place)
    assert asked(place, "select version_num from alembic_version") == ["0099"]


@pytest.mark.parametrize(
    "change",
    ["update event set kind = 'other'", "delete from event where seq = 2", "update event set seq = 9 where seq = 1"],
)
async def test_the_database_itself_refuses_to_change_an_entry(place, change):
    log = SqlEventLog(place)
    await done(log.append([record(1), record(2)]))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine(place).begin() as other:
        other.execute(sa.text(change))
    assert asked(place, "select count(*) from event") == [2]
    meddle(place, change)  # what keeps an insider from it is not in the database
    log.close()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_postgresql_does_not_empty_the_log_either(place):
    brought_up(place)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine(place).begin() as other:
        other.execute(sa.text("truncate event"))


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_one_box_writes_to_a_database_and_another_takes_over_when_it_is_gone(place):
    first = SqlEventLog(place)
    with pytest.raises(Fenced, match="another controller writes to this database"):
        SqlEventLog(place)
    await done(first.append([record(1)]))
    first.close()
    second = SqlEventLog(place)
    await done(second.append([record(2)]))
    second.close()
    assert asked(place, "select seq from event order by seq") == [1, 2]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_server_that_only_pretends_to_write_is_refused(place, postgresql):
    postgresql.stop()
    postgresql.start("-c fsync=off")
    try:
        with pytest.raises(Fenced, match="fsync off"):
            SqlEventLog(place)
    finally:
        postgresql.stop()
        postgresql.start()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_server_that_restarts_costs_time_and_no_record(place, postgresql):
    log = SqlEventLog(place)
    await done(log.append([record(1)]))
    postgresql.stop()
    waiting = [log.append([record(seq)]) for seq in range(2, 9)]
    postgresql.start()
    await done(*waiting)
    log.close()
    assert asked(place, "select seq from event order by seq") == list(range(1, 9))


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_server_that_is_down_is_a_sentence(place, postgresql):
    postgresql.stop()
    try:
        with pytest.raises(LogUnreachable, match="the event log cannot be opened"):
            SqlEventLog(place)
    finally:
        postgresql.start()


def test_the_place_is_chosen_once_and_found_again(tmp_path):
    assert choose_place(tmp_path, None) == log_place(tmp_path) == tmp_path / "ostiary.db"
    url = "postgresql+psycopg://box:secret@db.example/log"
    assert choose_place(tmp_path, url) == log_place(tmp_path) == parse_url(url)
    assert choose_place(tmp_path, url.replace("secret", "changed")).database == "log"
    assert (tmp_path / URL_FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongPlace, match=r"lies in postgresql\+psycopg://box:\*\*\*@db.example/log already"):
        choose_place(tmp_path, url.replace("db.example", "other.example"))


def test_a_log_that_has_begun_in_the_folder_stays_there(tmp_path):
    (tmp_path / "ostiary.db").touch()
    with pytest.raises(WrongPlace, match=r"ostiary\.db already; a log is not split"):
        choose_place(tmp_path, "postgresql+psycopg://box@db.example/log")
    assert not (tmp_path / URL_FILE).exists()


@pytest.mark.parametrize("url", ["", "ostiary.db", "mysql://secret@host/log", "sqlite:///log.db"])
def test_what_is_no_postgresql_address_is_refused_without_repeating_it(tmp_path, url):
    with pytest.raises(WrongPlace) as refused:
        choose_place(tmp_path, url)
    assert "secret" not in str(refused.value)


def test_the_journal_may_lie_on_another_disk_and_never_moves_away_from_what_it_holds(tmp_path):
    data, other = tmp_path / "data", tmp_path / "other"
    with pytest.raises(WrongPlace, match="is no folder"):
        choose_journal(data, other)
    other.mkdir()
    choose_journal(data, other)
    assert journal_file(data) == other / "emergency.journal"
    choose_journal(data, other)
    journal_file(data).touch()
    with pytest.raises(WrongPlace, match="already"):
        choose_journal(data, tmp_path)
