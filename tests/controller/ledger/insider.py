"""An insider's tools: he holds the disk and, where he wants it, the key that signs the log."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

from controller.ledger.checkpoint import Checkpoint, sign_checkpoint
from controller.ledger.merkle import root_of
from controller.notary import log_key
from controller.store.checkpoints import CHECKPOINT_FILE
from controller.store.place import LOG_FILE

COLUMNS = "seq, kind, version, wall, mono, boot, body, leaf, chain"
SCHEMA = (
    "create table if not exists event (seq integer primary key, kind text not null, version integer not null,"
    " wall bigint not null, mono bigint not null, boot text not null, body blob not null, leaf blob not null,"
    " chain blob not null)"
)


def entry(seq, body=b'{"event":{},"site":"s"}'):
    return (seq, "box_stopped", 1, 1_795_424_400_000_000 + seq, seq, "boot-1", body)


def rows(folder):
    """What stands in the log, as tuples without the hashes."""
    with closing(sqlite3.connect(folder / LOG_FILE)) as database:
        return [row[:7] for row in database.execute(f"select {COLUMNS} from event order by seq")]


def disarmed(path):
    """A connection past the triggers that refuse to change an entry: whoever owns the file drops them."""
    database = sqlite3.connect(path)
    for trigger in ("event_never_changes", "event_never_goes"):
        database.execute(f"drop trigger if exists {trigger}")
    return database


def sql(folder, *statements, file=LOG_FILE):
    with closing(disarmed(folder / file)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def hashed(entries):
    """Entries with leaf and chain as docs/log.md says."""
    before, found = bytes(32), []
    for seq, kind, version, wall, mono, boot, body in entries:
        header = f"{seq}\n{kind}\n{version}\n{wall}\n{mono}\n{boot}\n".encode()
        leaf = hashlib.sha256(b"\0" + header + body).digest()
        before = hashlib.sha256(before + leaf).digest()
        found.append((seq, kind, version, wall, mono, boot, body, leaf, before))
    return found


def rewrite(folder, entries):
    """Write the whole log anew: renumbered, every hash as it should be."""
    renumbered = [(seq, *each[1:]) for seq, each in enumerate(entries, 1)]
    with closing(disarmed(folder / LOG_FILE)) as database:
        database.execute(SCHEMA)
        database.execute("delete from event")
        database.executemany("insert into event values (?, ?, ?, ?, ?, ?, ?, ?, ?)", hashed(renumbered))
        database.commit()


def resign(folder, key=None):
    """Sign every stored checkpoint anew, over what the log holds now; those that count more are dropped."""
    signer = key or log_key(folder)
    leaves = [row[7] for row in hashed(rows(folder))]
    with closing(sqlite3.connect(folder / CHECKPOINT_FILE)) as database:
        sizes = [size for (size,) in database.execute("select size from checkpoint")]
        database.execute("delete from checkpoint")
        for size in sizes:
            if size <= len(leaves):
                note = sign_checkpoint(Checkpoint(signer.name, size, root_of(leaves[:size])), signer)
                database.execute("insert into checkpoint values (?, ?)", (size, note))
        database.commit()
