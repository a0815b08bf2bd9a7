"""A power cut, rebuilt from what a program asked of the kernel: nothing counts as on the disk but what it had synced.

``strace`` notes every write, truncation and sync in order. At a cut, each file holds all that was written before its
last sync had begun; of what came after, any part may have reached the disk, in any order, and a write may be torn
between two sectors: dice say which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = "trace=pwrite64,write,ftruncate,fsync,fdatasync,unlink"
STRACE = ["strace", "-f", "-y", "-xx", "-s", "2000000", "-e", CALLS, "-e", "signal=none"]

CALL = re.compile(r"^(\d+)\s+(pwrite64|write|ftruncate|fsync|fdatasync)\(\d+<([^>]*)>(?:\(deleted\))?(.*)$")
UNLINK = re.compile(r'^\d+\s+unlink\("([^"]*)"\) += 0')
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")


@dataclass(frozen=True)
class Wrote:
    offset: int
    content: bytes


@dataclass(frozen=True)
class Cut:
    size: int


@dataclass
class Disk:
    """What the kernel was asked so far: for each file its changes, and how many of them a sync had covered.

    ``before``: what was on the disk when it began. ``unlinked``: files that were removed, and perhaps made anew, while
    the folder was not synced: the old one may still be found under the name.
    """

    before: dict[str, bytes] = field(default_factory=dict)
    changes: dict[str, list[Wrote | Cut]] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)
    unlinked: dict[str, tuple[list[Wrote | Cut], int]] = field(default_factory=dict)

    def after_power_loss(self, dice) -> dict[str, bytes]:
        """Return the files as they may be found."""
        found = {name: (changes, self.synced.get(name, 0)) for name, changes in self.changes.items()}
        found |= {name: old for name, old in sorted(self.unlinked.items()) if dice.random() < 0.5}
        return self.before | {name: self._image(name, *file, dice) for name, file in found.items()}

    def _image(self, name, changes, safe, dice):
        image = bytearray(self.before.get(name, b""))
        luck = dice.choice([0.0, 0.5, 1.0])
        for number, change in enumerate(changes):
            if number < safe:
                _apply(image, change)
            elif isinstance(change, Cut):
                if dice.random() < luck:
                    _apply(image, change)
            else:
                for at in range(0, len(change.content), SECTOR):
                    if dice.random() < luck:
                        _apply(image, Wrote(change.offset + at, change.content[at : at + SECTOR]))
        return bytes(image)


def _apply(image, change):
    if isinstance(change, Cut):
        del image[change.size :]
        image.extend(bytes(change.size - len(image)))
    else:
        image.extend(bytes(max(0, change.offset - len(image))))
        image[change.offset : change.offset + len(change.content)] = change.content


@dataclass(frozen=True)
class Call:
    """One call to the kernel, once it was answered. ``begun``: how many calls were answered before it was made."""

    name: str
    file: str
    arguments: str
    begun: int


def calls(trace: Path) -> Iterator[Call]:
    waiting: dict[str, tuple[str, int]] = {}
    answered = 0
    for line in trace.read_text().splitlines():
        begun = answered
        if line.endswith(UNFINISHED):
            waiting[line.split(maxsplit=1)[0]] = line.removesuffix(UNFINISHED), answered
            continue
        if resumed := RESUMED.match(line):
            if resumed[1] not in waiting:
                continue
            start, begun = waiting.pop(resumed[1])
            line = start + resumed[3]
        if unlinked := UNLINK.match(line):
            answered += 1
            yield Call("unlink", _text(unlinked[1]).decode(), "", begun)
            continue
        found = CALL.match(line)
        if found is None or " = -1 " in line[-80:]:
            continue
        answered += 1
        yield Call(found[2], _text(found[3]).decode(), found[4], begun)


def played(trace: Path, folder: Path, before: dict[str, bytes]) -> Iterator[tuple[Disk, str, str]]:
    """Return the disk as it grows, after each call to a file of ``folder``, with the file's name and what was done."""
    disk, ends = Disk(before), dict[str, list[int]]()
    for number, call in enumerate(calls(trace)):
        if call.file == str(folder):  # the folder itself was synced: what was unlinked is gone for good
            disk.unlinked.clear()
        if not call.file.startswith(f"{folder}/"):
            continue
        name = call.file.removeprefix(f"{folder}/")
        if call.name == "unlink":
            disk.unlinked.setdefault(name, (disk.changes.pop(name, []), disk.synced.pop(name, 0)))
            ends.pop(name, None)
            yield disk, name, call.name
            continue
        changes, answered = disk.changes.setdefault(name, []), ends.setdefault(name, [])
        if call.name in ("fsync", "fdatasync"):
            disk.synced[name] = sum(end < call.begun for end in answered)
        else:
            changes.append(_change(call, changes))
            answered.append(number)
        yield disk, name, call.name


def _change(call, before):
    numbers = re.findall(r", (\d+)(?=[,)])", call.arguments)
    if call.name == "ftruncate":
        return Cut(int(numbers[0]))
    content = _text(call.arguments.split('"')[1])
    if call.name == "pwrite64":
        return Wrote(int(numbers[-1]), content)
    end = max((change.offset + len(change.content) for change in before if isinstance(change, Wrote)), default=0)
    return Wrote(end, content)


def _text(hexadecimal):
    return bytes.fromhex(hexadecimal.replace("\\x", ""))
