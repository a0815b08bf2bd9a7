"""What people read first in evidence: a readme, and the records in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC
from enum import Enum
from typing import Any

from controller.domain.events import Recorded
from controller.domain.ids import CardholderId
from controller.words_en import EVENTS

NOTICE = (
    "Faces were looked for by a detector in every picture and pixelated where it found one, between two finds, and for "
    "a second before the first and after the last. A detector may miss a face, even for the whole length of a film; "
    "people may also be known by clothes, gait or company. Look at every film before you pass it on."
)
CLEAR = "Nobody in these films is made unknowable. They are personal data in clear."
MASKED = (
    " Of cameras whose data-protection sheet hides part of the picture behind a veil these are copies, in which that "
    "part is black; manifest.json names them."
)
README = """EVIDENCE FROM AN OSTIARY BOX

Handed out for: {purpose} {case}
By two people:  {operator} and {second}
On:             {made}
By the log:     {log}, entry {export}

What is in here
  *.mp4, *.jpg     what cameras recorded; {faces}
  events.txt       the records in plain words
  entries.json     the same records as the log holds them, each with the proof that it stands in the log
  checkpoint.txt   how long the log was, and the root of its tree, signed by the box
  witness.txt      the same, seen earlier by a witness outside the box (only where one was given)
  manifest.json    every file with its SHA-256, and each recording with the one that the log holds of it
  manifest.note    the box's signature on the manifest

Films and pictures
{notice}

How to check it
  python3 auditor.py THIS --log-key KEY [--witness-key KEY]
Take auditor.py from a release of Ostiary that you trust, and the key from whoever noted it down (`ostiary log key`):
neither from here. It says "intact", or which file is not what was handed out. What is proven: that the log held these
records, and that these films are the ones it tells of, when it was signed. Who signed it is whoever held the box's key.

These are personal data. Keep them locked away, and destroy them when the purpose is served.
"""
LEFT_OUT = frozenset({"trace", "identity", "template", "toml", "silent", "events", "cardholders"})

Names = Callable[[CardholderId], str | None]


def notice(*, pixelated: bool, masked: bool) -> str:
    """Return what must be known of the films of a package before they are passed on."""
    return (NOTICE if pixelated else CLEAR) + (MASKED if masked else "")


def readme(manifest: Mapping[str, Any]) -> str:
    """Return the readme of a package."""
    pixelated = manifest["pixelated"]
    faces = "copies, with the faces that were found pixelated" if pixelated else "as they were recorded"
    return README.format(**manifest, faces=faces)


def events_text(records: Iterable[Recorded], names: Names) -> str:
    """Return records in plain words, the oldest first. ``names``: who a pseudonym is, or None."""
    return "".join(line for record in records for line in _lines(record, names))


def _lines(record: Recorded, names: Names) -> Iterator[str]:
    at = record.at.wall.astimezone(UTC)
    yield f"{record.seq}  {at:%Y-%m-%d %H:%M:%S.%f} UTC  {EVENTS.get(type(record.event), record.kind)}\n"
    for name, value in _values(record.event):
        known = names(CardholderId(value)) if name in ("cardholder", "visitor", "whom") else None
        yield f"    {name.replace('_', ' ')}: {value}{f' ({known})' if known else ''}\n"
    yield "\n"


def _values(event: object) -> Iterator[tuple[str, str]]:
    """Yield what can be said in a word or a few; what is sealed in the log, and what is long, is not."""
    for each in fields(event):  # type: ignore[arg-type] # every event is a dataclass
        value = getattr(event, each.name)
        if each.name in LEFT_OUT or value in (None, "", ()):
            continue
        if each.name == "source":
            yield from _values(value)
        elif isinstance(value, tuple | frozenset):
            if all(isinstance(part, str | int) for part in value):
                yield each.name, ", ".join(_word(part) for part in value)
        elif isinstance(value, str | int | float | Enum) or hasattr(value, "isoformat"):
            yield each.name, _word(value)


def _word(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
