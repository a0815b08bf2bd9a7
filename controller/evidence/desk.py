"""The desk where evidence is handed out: chosen, looked at, agreed to by two, and packed with what proves it.

Nothing that it makes touches the box's own disk in clear: films are opened, pixelated and packed part by part on their
way out. One package is made at a time, in a thread of its own, so that the doors' loop never waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

from controller.core import Core
from controller.domain.events import ClipRecorded, EvidenceExported, Recorded, StillRecorded
from controller.domain.filming import Mask
from controller.domain.ids import CameraId, CardholderId, OperatorId
from controller.domain.record_orders import ExportEvidence, evidence_subject
from controller.domain.veils import hidden, veil
from controller.evidence.choice import Chooser
from controller.evidence.copies import Copy, masked, pixelated
from controller.evidence.files import Counted, File, write_folder, write_zip, zipped
from controller.evidence.proof import Proof, check_witness, proof_of
from controller.evidence.readable import events_text, notice, readme
from controller.filming import clear_parts
from controller.ledger.note import sign_note
from controller.runtime.evidence import Chosen, NotHandedOut, Wanted
from controller.store.projection import Projection
from vision.recording.sealed import SealedError

FORMAT = "ostiary evidence 1"
"""Never the first line of a checkpoint, which is the log's own name: one cannot be taken for the other."""
VEILED = "a veil hangs before {camera}: two must lift it before anything of it is handed out"
GONE = "the recording {name} is gone: its time is over, or there was no more room"
ALTERED = "the recording {name} is not what the log says was recorded: it is not handed out; keep the disk as it is"
BUSY = "other evidence is being handed out just now: try again when it is done"

T = TypeVar("T")


class EvidenceDesk:
    """Implements ``Evidence`` for one box, running or stopped."""

    def __init__(self, core: Core, projection: Projection) -> None:
        self._core = core
        self._chooser = Chooser(core, projection)
        self._busy = False

    async def choose(self, wanted: Wanted, *, silent: bool) -> Chosen:
        """Return what is wanted. ``silent``: for eyes that see silent alarms. Raises ``NotChosen``."""
        return await asyncio.to_thread(self._chooser.choose, wanted, silent=silent)

    async def examine(self, chosen: Chosen, witness: str = "", *, masked: bool = False) -> None:
        """Look whether all of it may be handed out and is as it was recorded. Raises ``NotHandedOut``.

        ``masked``: what veils hide will be masked in it, so that they may hang.
        """
        if self._busy:  # before anybody agrees: what was agreed to is on the record
            raise NotHandedOut(BUSY)
        for camera in chosen.cameras:
            if not masked and self._hidden(camera):
                raise NotHandedOut(VEILED.format(camera=camera))
        if witness:
            await asyncio.to_thread(check_witness, self._core, witness)
        for name in chosen.recordings:
            await asyncio.to_thread(self._examine, name)

    async def package(self, order: ExportEvidence, second: OperatorId, witness: str = "") -> AsyncIterator[bytes]:
        """Yield a ZIP file of what two have agreed to. Raises ``NotHandedOut`` before the first byte."""
        made = self._core.clock.now().wall.astimezone(UTC)
        with self._alone() as executor:
            loop, parts = asyncio.get_running_loop(), zipped(self._files(order, second, witness), made)
            try:
                while (part := await loop.run_in_executor(executor, next, parts, None)) is not None:
                    if part:
                        yield part
            finally:
                executor.submit(parts.close)  # after whatever it is doing: it ends its process

    async def write(self, path: Path, order: ExportEvidence, second: OperatorId, witness: str = "") -> None:
        """Write it to a ZIP file, or a folder where the path does not end so. Raises ``NotHandedOut``, ``OSError``."""
        made = self._core.clock.now().wall.astimezone(UTC)
        with self._alone() as executor:
            files = self._files(order, second, witness)
            job: Callable[[], None] = (
                (lambda: write_zip(path, zipped(files, made)))
                if path.suffix == ".zip"
                else (lambda: write_folder(path, files))
            )
            await asyncio.get_running_loop().run_in_executor(executor, job)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[ThreadPoolExecutor]:
        if self._busy:
            raise NotHandedOut(BUSY)
        self._busy = True
        executor = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        try:
            yield executor
        finally:
            self._busy = False
            executor.shutdown(wait=False)

    def _hidden(self, camera: CameraId) -> tuple[Mask, ...]:
        runtime = self._core.runtime
        return hidden(runtime.site, runtime.state, camera, runtime.mono())

    def _examine(self, name: str) -> None:
        for _ in self._recorded(name, self._film(name)):
            pass

    def _film(self, name: str) -> Recorded:
        record = self._chooser.film(name)
        if record is None:
            raise NotHandedOut(GONE.format(name=name))
        return record

    def _recorded(self, name: str, record: Recorded) -> Iterator[bytes]:
        """Yield a recording in clear. Raises ``NotHandedOut``, maybe at its end only, where it is another."""
        event, digest = _told(record), hashlib.sha256()
        try:
            for part in clear_parts(self._core, name, whole=getattr(event, "whole", True)):
                digest.update(part)
                yield part
        except LookupError as error:
            raise NotHandedOut(GONE.format(name=name)) from error
        except (SealedError, OSError) as error:
            raise NotHandedOut(ALTERED.format(name=name)) from error
        if digest.hexdigest() != event.digest:
            raise NotHandedOut(ALTERED.format(name=name))

    def _files(self, order: ExportEvidence, second: OperatorId, witness: str) -> Generator[File, None, None]:
        """Yield every file of a package; the proof is made first, the manifest last."""
        agreed = self._agreed(order, second)
        films = {name: self._film(name) for name in order.recordings}
        numbers = {*order.records, *(film.seq for film in films.values()), agreed.seq}
        proof = proof_of(self._core, numbers, witness)
        counted, shown = Counted(), []
        hung = {camera: veil(self._core.runtime.site, camera) for camera in order.cameras}
        for name, film in films.items():
            told, copy = _described(name, film), Copy()
            masks = hung[_told(film).camera] if order.masked else ()
            yield counted.passing(told["file"], self._copied(name, film, copy, masks, order))
            shown.append({**told, "copy": asdict(copy) if order.pixelated or masks else None})
        manifest = self._manifest(order, agreed, proof)
        manifest["recordings"] = shown
        names = _nobody if order.pixelated else self._name
        for name, text in (
            ("README.txt", readme(manifest)),
            ("events.txt", events_text(self._chooser.records(sorted(numbers)), names)),
            ("entries.json", json.dumps(proof.entries, indent=1)),
            ("checkpoint.txt", proof.note),
            *((("witness.txt", witness),) if proof.witness is not None else ()),
        ):
            yield counted.passing(name, [text.encode()])
        written = json.dumps({**manifest, "files": counted.files}, indent=1, sort_keys=True).encode()
        yield "manifest.json", [written]
        text = f"{FORMAT}\n{proof.key.name}\n{hashlib.sha256(written).hexdigest()}\n"
        yield "manifest.note", [str(sign_note(text, proof.key)).encode()]

    def _copied(
        self, name: str, film: Recorded, copy: Copy, masks: tuple[Mask, ...], order: ExportEvidence
    ) -> Iterable[bytes]:
        """Return a recording as it is handed out: itself, or a copy of it."""
        kind = "still" if isinstance(film.event, StillRecorded) else "film"
        parts: Iterable[bytes] = self._recorded(name, film)
        if masks:
            parts = masked(kind, parts, copy, masks)
        return pixelated(kind, parts, copy) if order.pixelated else parts

    def _agreed(self, order: ExportEvidence, second: OperatorId) -> Recorded:
        """Return the record of what two have just agreed to."""
        for record in self._core.log.newest("evidence_exported"):
            event = record.event
            if isinstance(event, EvidenceExported) and _is_of(event, order, second):
                return record
        raise NotHandedOut("the log does not say that two agreed to it")

    def _manifest(self, order: ExportEvidence, agreed: Recorded, proof: Proof) -> dict[str, Any]:
        event = agreed.event
        if not isinstance(event, EvidenceExported):
            raise TypeError("only what was handed out has a manifest")
        return {
            "format": FORMAT,
            "log": proof.key.name,
            "made": agreed.at.wall.astimezone(UTC).isoformat(),
            "export": agreed.seq,
            "operator": event.operator,
            "second": event.second,
            "purpose": order.purpose.value,
            "case": order.case,
            "pixelated": order.pixelated,
            "masked": order.masked,
            "notice": notice(pixelated=order.pixelated, masked=order.masked),
            "checkpoint": proof.size,
            "witness": proof.witness,
            "records": list(order.records),
        }

    def _name(self, cardholder: CardholderId) -> str | None:
        known = self._core.vault.identity(cardholder)
        return known.name if known else None


def _nobody(_: CardholderId) -> str | None:
    return None


def _told(record: Recorded) -> ClipRecorded | StillRecorded:
    if not isinstance(record.event, ClipRecorded | StillRecorded):
        raise TypeError(f"record {record.seq} tells of no recording")
    return record.event


def _described(name: str, record: Recorded) -> dict[str, Any]:
    event = _told(record)
    clip = event if isinstance(event, ClipRecorded) else None
    return {
        "recording": name,
        "entry": record.seq,
        "file": f"{name}.{'mp4' if clip else 'jpg'}",
        "camera": event.camera,
        "began": (event.began if isinstance(event, ClipRecorded) else event.taken).astimezone(UTC).isoformat(),
        "seconds": clip.seconds if clip else 0.0,
        "whole": clip.whole if clip else True,
        "size": event.size,
        "sha256": event.digest,
    }


def _is_of(event: EvidenceExported, order: ExportEvidence, second: OperatorId) -> bool:
    return event.second == second and evidence_subject(event) == evidence_subject(order)
