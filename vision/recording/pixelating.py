"""The process that pixelates: `python -m vision.recording.pixelating (film|still) PARENT`.

The recording in clear comes on standard input; the copy leaves on standard output, followed by ``PIXELATED``: how many
pictures were searched, and how many faces were found. Nothing is written to any disk, and everybody else comes first.
"""

import sys

import cv2

from vision.centerface import CenterFace
from vision.child import die_with
from vision.giving_way import give_way
from vision.models import face_detector
from vision.recording.copying import PIXELATED
from vision.recording.pixelate import LIKELY, SEARCHED, Box, Done, Finder, Image, film, still

NICEST = 19


def finder() -> Finder:
    """Return the face detector, as this is searched by."""
    detector = CenterFace(face_detector())

    def find(image: Image) -> list[Box]:
        return [Box(*found.box) for found in detector.find(image, SEARCHED, LIKELY)]

    return find


def main(kind: str, parent: int) -> None:
    """Pixelate what comes in."""
    die_with(parent)
    give_way(NICEST)
    cv2.setNumThreads(1)
    clear, out = sys.stdin.buffer.read(), sys.stdout.buffer
    if kind == "still":
        copy, done = still(clear, finder())
        out.write(copy)
    else:
        done = _film(clear)
    out.write(PIXELATED.pack(done.frames, done.faces))
    out.flush()


def _film(clear: bytes) -> Done:
    def write(part: bytes) -> None:
        sys.stdout.buffer.write(part)

    return film(clear, finder(), write)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
