"""The database itself refuses to change or remove an entry.

Against a slip of ours or of an administrator's, not against an insider, who drops the triggers first: him the hashes,
the checkpoints and the witness find out.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

REFUSAL = "the event log is append-only"

SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS event_never_changes BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END --
CREATE TRIGGER IF NOT EXISTS event_never_goes BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
"""
POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION refuse_to_change_the_log() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$ --
CREATE OR REPLACE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_log() --
CREATE OR REPLACE TRIGGER event_never_goes BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()
"""


def upgrade() -> None:
    """Add the triggers."""
    statements = POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE
    for statement in statements.split("--"):
        op.execute(statement)
