"""The command line's part that lets the log be checked: ``ostiary log``, ``ostiary witness``."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from time import sleep, time
from typing import Annotated, NoReturn

import sqlalchemy as sa
import typer

from controller.ledger.checkpoint import Checkpoint, cosign, cosigned_at, open_checkpoint
from controller.ledger.merkle import HASH_BYTES, consistency_ranges, prove
from controller.ledger.note import COSIGNATURE_V1, BadNote, SignerKey, VerifierKey, parse_signer_key, parse_verifier_key
from controller.ledger.sighting import Sighting, verify_against
from controller.ledger.verifier import Broken
from controller.ledger.witness import BadBundle, Bundle, Held, Refusal, consider, leaves_match, parse_bundle
from controller.notary import Notary, NothingYet, NotTheLog, log_key, log_verifier, new_key
from controller.store.boxkey import SealBroken
from controller.store.checkpoints import StoredCheckpoint, stored_checkpoints, stored_leaves
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import WrongPlace, log_place
from controller.terminal import err, out

OK, BROKEN, UNUSABLE = 0, 1, 2

WITNESS_NAME = "ostiary/witness"
LEAVES = ".leaves"
"""Beside a witness's copy FILE lies FILE.leaves: the leaf hashes it saw."""

SIZE_MARK = "{size}"
FETCH_SECONDS = 600.0

OWN = "its own checkpoint"
WITNESS = "the witness"

log_app = typer.Typer(no_args_is_help=True, help="The event log.")
witness_app = typer.Typer(no_args_is_help=True, help="The outside witness of a log, on a machine of its own.")

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
LogKey = Annotated[str | None, typer.Option("--log-key", help="The log's public key, or a file that holds it.")]
WitnessKey = Annotated[str | None, typer.Option("--witness-key", help="The witness's public key, or a file.")]
SigningKey = Annotated[Path, typer.Option("--key", help="The witness's private key; made where there is none.")]
State = Annotated[Path, typer.Option(help="The witness's copy: the checkpoint it cosigned last.")]
KnownLogKey = Annotated[str, typer.Option("--log-key", help="The log's public key, or a file that holds it.")]
DEFAULT_DATA = Path("data")

UNREADABLE = (OSError, sa.exc.SQLAlchemyError, BadNote, BadBundle, NothingYet, SealBroken, WrongPlace)


@log_app.command("verify")
def log_verify(
    data: Data = DEFAULT_DATA,
    witness: Annotated[Path | None, typer.Option("--witness", help="A cosigned checkpoint to compare with.")] = None,
    log_key_text: LogKey = None,
    witness_key: WitnessKey = None,
) -> None:
    """Check that the log is as it was written. Exit code 0: intact, 1: not, 2: it cannot be read.

    The checkpoints it signed itself are checked along; those that a witness cosigned, where a copy is given.
    """
    try:
        public = _public(log_key_text)
        said = _own(data, public) + ([witnessed(witness, public, _public(witness_key))] if witness else [])
    except UNREADABLE as error:
        _unusable(f"the checkpoints cannot be read: {_why(error)}", error)
    _judge(data, said)


@log_app.command("key")
def log_key_command(data: Data = DEFAULT_DATA) -> None:
    """Print the log's public key, to be kept outside of the box. It is made where there is none."""
    try:
        out.print(str(log_key(data).verifier), markup=False)
    except UNREADABLE as error:
        _unusable(_why(error), error)


@log_app.command("checkpoint")
def log_checkpoint(
    data: Data = DEFAULT_DATA,
    since: Annotated[
        int | None, typer.Option(min=0, help="Bundle it with the proof from this size on, for a witness.")
    ] = None,
) -> None:
    """Print a signed checkpoint of the log as it is now; with --since, the bundle that a witness asks for."""
    try:
        note = _signed(data)
        written = note if since is None else _bundle(data, note, since).text()
    except NotTheLog as error:
        _bad(str(error), error)
    except UNREADABLE as error:
        _unusable(f"the log cannot be read: {_why(error)}", error)
    sys.stdout.write(written)


@witness_app.command("key")
def witness_key_command(key: Annotated[Path, typer.Option(help="The witness's private key.")]) -> None:
    """Print the witness's public key. The private one is made where there is none."""
    try:
        out.print(str(_witness_signer(key).verifier), markup=False)
    except UNREADABLE as error:
        _unusable(_why(error), error)


@witness_app.command("sign")
def witness_sign(
    bundle: Annotated[Path, typer.Argument(help="What `ostiary log checkpoint --since` printed; - is standard input.")],
    key: SigningKey,
    state: State,
    log_key_text: KnownLogKey,
) -> None:
    """Cosign a checkpoint that contains all this witness saw before, and keep it. Exit code 1: it does not."""
    try:
        signer, public = _witness_signer(key), _public(log_key_text)
        offered = parse_bundle(sys.stdin.read() if str(bundle) == "-" else bundle.read_text(encoding="utf-8"))
        sys.stdout.write(_cosigned(offered, signer, public, state))
    except (UnicodeDecodeError, *UNREADABLE) as error:
        _unusable(_why(error), error)


@witness_app.command("run")
def witness_run(
    key: SigningKey,
    state: State,
    log_key_text: KnownLogKey,
    command: Annotated[
        list[str], typer.Argument(help=f"What fetches a bundle; {SIZE_MARK} in it becomes the size seen last.")
    ],
    every: Annotated[float, typer.Option(min=1.0, help="Seconds from one round to the next.")] = 60.0,
) -> None:
    """Fetch a bundle again and again, over ssh say, and cosign it. Ends, with exit code 1, where the log was changed.

    The witness calls the box, never the other way round: from the box there is no way to it.
    """
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is no finding: it must not end with exit code 1
        while True:
            _round(command, key, state, log_key_text)
            sleep(every)


@witness_app.command("compare")
def witness_compare(
    checkpoint: Annotated[Path, typer.Option(help="The witness's copy.")],
    data: Data = DEFAULT_DATA,
    log_key_text: LogKey = None,
    witness_key: WitnessKey = None,
) -> None:
    """Check a log against a witness's copy alone. Exit code 0: it contains it, 1: it does not, 2: unreadable."""
    try:
        said = witnessed(checkpoint, _public(log_key_text), _public(witness_key))
    except UNREADABLE as error:
        _unusable(f"the witness's copy cannot be read: {_why(error)}", error)
    _judge(data, [said])


def _judge(data: Path, said: list[Sighting]) -> None:
    try:
        verdict = verify_against(stored_entries(reading_engine(log_place(data))), said)
    except (OSError, sa.exc.SQLAlchemyError, SealBroken, WrongPlace) as error:
        _unusable(f"the log cannot be read: {_why(error)}", error)
    if isinstance(verdict, Broken):
        out.print(f"first bad entry: seq {verdict.seq}: {verdict.reason}", markup=False)
        raise typer.Exit(BROKEN)
    out.print(f"intact: {verdict.entries} entries, head {verdict.head.hex()}")


def _own(data: Path, public: VerifierKey | None) -> list[Sighting]:
    stored = stored_checkpoints(data)
    if not stored:
        return []
    known = public or log_verifier(data)
    return [_testified(each, known) for each in stored]


def _testified(stored: StoredCheckpoint, key: VerifierKey) -> Sighting:
    try:
        checkpoint = open_checkpoint(stored.note, key)
    except BadNote:
        return Sighting(stored.size, None, OWN)
    return Sighting(stored.size, checkpoint.root if checkpoint.size == stored.size else None, OWN)


def witnessed(file: Path, log: VerifierKey | None, witness: VerifierKey | None) -> Sighting:
    """Return what a witness saw, from its copy. Raises ``BadNote``."""
    note = file.read_text(encoding="utf-8")
    checkpoint = open_checkpoint(note, log)
    if witness is not None and cosigned_at(note, witness) is None:
        raise BadNote(f"{file} is not cosigned by the witness's key")
    leaves = _kept_leaves(file, checkpoint)
    return Sighting(checkpoint.size, checkpoint.root, WITNESS, leaves)


def _kept_leaves(file: Path, checkpoint: Checkpoint) -> bytes:
    """Return the leaves kept beside a witness's copy; none where none were kept."""
    beside = _leaves_of(file)
    if not beside.exists():
        return b""
    leaves = beside.read_bytes()[: checkpoint.size * HASH_BYTES]
    if not leaves_match(leaves, checkpoint):
        raise BadNote(f"{beside} does not hold the leaves of {file}")
    return leaves


def _signed(data: Path) -> str:
    notary = Notary(data)
    try:
        notary.take_up()
        return notary.sign()
    finally:
        notary.close()


def _bundle(data: Path, note: str, since: int) -> Bundle:
    size = open_checkpoint(note, None).size
    if since > size:
        raise NotTheLog(f"truncated: {size} entries, {WITNESS} saw {since}")
    engine = reading_engine(log_place(data))
    proof = prove(consistency_ranges(since, size), stored_leaves(engine, 0, size))
    return Bundle(since, tuple(proof), note, b"".join(stored_leaves(engine, since, size)))


def _round(command: list[str], key: Path, state: Path, log_key_text: str) -> None:
    try:
        signer, public = _witness_signer(key), _public(log_key_text)
        note = _cosigned(parse_bundle(_fetched(command, _held(state)[0].size)), signer, public, state)
        out.print(f"cosigned: {open_checkpoint(note, None).size} entries")
    except (UnicodeDecodeError, subprocess.TimeoutExpired, *UNREADABLE) as error:
        err.print(f"no checkpoint this time: {_why(error)}", markup=False)


def _fetched(command: list[str], size: int) -> str:
    """Return what the command printed. Exit code 1 is the box's own word that its log was changed."""
    filled = [part.replace(SIZE_MARK, str(size)) for part in command]
    done = subprocess.run(filled, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=FETCH_SECONDS)
    if done.returncode == BROKEN:
        _bad(f"the box has no checkpoint that contains the {size} entries that were seen", None)
    if done.returncode != OK:
        raise BadBundle(f"{filled[0]} ended with exit code {done.returncode}")
    return done.stdout.decode()


def _cosigned(offered: Bundle, signer: SignerKey, public: VerifierKey | None, state: Path) -> str:
    held, kept = _held(state)
    if public is None:
        raise BadNote("a witness must know the log's public key")
    found = consider(held, offered, public)
    if isinstance(found, Refusal):
        hint = f"; ask for: ostiary log checkpoint --since {held.size}" if found is Refusal.NOT_FROM_HERE else ""
        _bad(f"{found}: {held.size} entries were seen{hint}", None)
    leaves = kept + (offered.leaves or b"")
    if not leaves_match(leaves, found):
        _bad(Refusal.LEAVES, None)
    cosigned = cosign(offered.note, signer, int(time()))
    _replace(_leaves_of(state), leaves)
    _replace(state, cosigned.encode())
    return cosigned


def _held(state: Path) -> tuple[Held, bytes]:
    """Return what the witness saw. Its leaves are written first: after a crash they may be ahead, never behind."""
    if not state.exists():
        return Held(), b""
    checkpoint = open_checkpoint(state.read_text(encoding="utf-8"), None)
    leaves = _kept_leaves(state, checkpoint)
    if not leaves:
        raise BadNote(f"{_leaves_of(state)} is missing: it belongs to {state}")
    return Held(checkpoint.origin, checkpoint.size, checkpoint.root), leaves


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole, or as it was."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _leaves_of(file: Path) -> Path:
    return file.with_name(file.name + LEAVES)


def _witness_signer(path: Path) -> SignerKey:
    if not path.exists():
        return new_key(path, WITNESS_NAME, COSIGNATURE_V1)
    key = parse_signer_key(path.read_text())
    if key.kind != COSIGNATURE_V1:
        raise BadNote(f"{path} is no witness's key")
    return key


def _public(text: str | None) -> VerifierKey | None:
    """Read a public key from a text, or from the file of that name."""
    if text is None:
        return None
    path = Path(text)
    return parse_verifier_key(path.read_text() if path.is_file() else text)


def _why(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)


def _bad(sentence: str, error: Exception | None) -> NoReturn:
    err.print(sentence, markup=False)
    raise typer.Exit(BROKEN) from error


def _unusable(sentence: str, error: Exception) -> NoReturn:
    err.print(sentence, markup=False)
    raise typer.Exit(UNUSABLE) from error
