"""Faces: how often the right person gets in within two tries, how soon the verdict is there, and how fast a search is.

`face_in_5s` needs photos of people, which may not ship: it looks in `$OSTIARY_TEST_DATA`, as the tests do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from benchmarks.doorframes import drawn, moved, rendered
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, NothingToMeasure, Row, percentile
from simulators import faces as portraits
from vision.eyes import Eyes
from vision.gallery import gallery
from vision.matching import (
    MEAN_OF_AT_LEAST,
    Calibration,
    Threshold,
    load_calibration,
    mean_template,
    of_length_one,
    to_bytes,
)
from vision.messages import Challenge, EngineKind, FaceVerdict, Outcome, TemplateMode, Value, Watch
from vision.models import Embedding, Engine, Image, load_engine
from vision.photos import Problem, face_in, people_in, read_photo
from vision.quality import LIVE, Quality, quality
from vision.rates import Strangers, interval, samples
from vision.tracking import Ballot, Look, verdict, with_look

FOLDER = "OSTIARY_TEST_DATA"
TRIES, FRAMES, EVERY = 2, 8, 0.6
"""A try is eight looks within 5 s, as a busy box has them; after the second try nobody is let in."""
LIBRARY_TOLERANCE = 0.6
FIFTHS = 5
FMR = 1e-4
LEAST_IN = 95.0
ENOUGH = 30_000
"""Comparisons of strangers: three times as many as let one in."""
TEMPLATES = 10_000
SEARCHES = 400
KIND = EngineKind.FUSION


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame as this engine sees it, and as `face_recognition` does at its default; None: nothing to compare."""

    look: Look
    ours: Embedding | None
    library: Embedding | None


@dataclass(frozen=True, slots=True)
class Person:
    """Five photos to enrol, and two tries at the door."""

    five: tuple[Embedding, ...]
    library_five: tuple[Embedding, ...]
    tries: tuple[tuple[Seen, ...], ...]


async def face_in_5s(extent: Extent, _: Path, tick: Tick) -> Row:
    """Let everybody come to the door twice, and everybody to everybody else's template. The value is in percent.

    Thresholds leave people out: each fifth of the people is judged at the threshold of the other four, or at the
    shipped one where that is stricter. More false matches than promised, and nobody counts as let in; too few
    comparisons to tell one in 10,000, and the row holds neither way.
    """
    people = _people(extent.faces, tick)
    bare = load_calibration(KIND)
    templates = [mean_template(person.five, KIND)[0] for person in people]
    limits = [_threshold_without(fifth, people, templates, bare) for fifth in range(FIFTHS)]
    came_in = [_gets_in(person, templates[n], bare, limits[n % FIFTHS]) for n, person in enumerate(people)]
    library = [any(_library_in(person, one) for one in person.tries) for person in people]
    strangers = _strangers(people, templates, bare, range(len(people)), limits)
    rate = float(np.mean(came_in))
    weights = samples(len(people))
    low, high = interval((weights * came_in).sum(axis=1) / len(people), rate, len(people))
    worst = strangers.fmr(1.0)
    reach = interval(strangers.sampled_fmr(1.0, weights), worst, strangers.total)
    text = (
        f"% of {len(people)} people in within two tries of 5 s ({low:.1%} to {high:.1%}); of {strangers.total:,} faces "
        f"of strangers {worst:.1e} would pass (up to {reach[1]:.1e})"
    )
    theirs = f"% by face_recognition at {LIBRARY_TOLERANCE} (of strangers {_library_fmr(people):.1e} pass)"
    beside = Figure(theirs, 100 * float(np.mean(library)))
    enough = strangers.total >= ENOUGH
    kept = worst <= FMR or not enough
    promise = Figure(text, LEAST_IN)
    return Row("face_in_5s", 100 * rate * kept, "%", promise, beside, at_least=True, as_promised=enough)


async def face_verdict(extent: Extent, _: Path, tick: Tick) -> Row:
    """Challenge somebody before a camera, again and again. The value: last frame to verdict, 95th percentile."""
    engine, photos = load_engine(KIND), [_decoded(jpeg) for jpeg in portraits.enrolment_images("hopper")]
    template = to_bytes(mean_template([_embedding(engine, photo) for photo in photos], KIND))
    frames = [_framed(photo) for photo in photos]
    waited, models = [], []
    for number in range(extent.verdicts):
        waited.append(_verdict_after(engine, template, frames, number))
        models.append(_models_alone(engine, frames[number % len(frames)]))
        tick(1)
    promise = Figure("s at most, p95, last frame to verdict, both engines", 1.0)
    beside = Figure("s: the models alone, p95", percentile(models, 95))
    return Row("face_verdict", percentile(waited, 95), "s", promise, beside)


async def face_search_10k(_: Extent, __: Path, tick: Tick) -> Row:
    """Search 10,000 templates of both engines for a face. The value is the median, in milliseconds."""
    draw, limits = np.random.default_rng(5), load_calibration(KIND)
    rows = of_length_one(draw.normal(size=(TEMPLATES, 320)), KIND)
    kept, same = gallery([rows], limits), limits.thresholds[TemplateMode.MEAN].same
    taken = []
    for number in range(SEARCHES):
        face = of_length_one(rows[number : number + 1] + draw.normal(size=(1, 320)) * 0.01, KIND)[0]
        begun = time.perf_counter()
        found = kept.within(face, same)
        taken.append(1000 * (time.perf_counter() - begun))
        assert [index for index, _ in found] == [number]
        tick(1)
    beside = Figure("ms: to read that much memory once", _reading(kept.first.nbytes))
    return Row(
        "face_search_10k", percentile(taken, 50), "ms", Figure("ms at most, median, 10,000 templates", 1.0), beside
    )


def photos() -> Path:
    """Return the folder of photos of people, one folder each; it need not be there."""
    return Path(os.environ.get(FOLDER, Path(__file__).parents[2] / "shared" / "data")) / "faces" / "lfw"


def _people(count: int, tick: Tick) -> list[Person]:
    folder = photos()
    if not folder.is_dir():
        raise NothingToMeasure(f"face_in_5s: there are no photos of people in {folder}: set {FOLDER}")
    many = [photos for photos in people_in(folder).values() if len(photos) >= MEAN_OF_AT_LEAST + TRIES]
    chosen = [many[index] for index in np.linspace(0, len(many) - 1, min(count, len(many))).astype(int)]
    found = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _start) as pool:
        for person in pool.map(_person, range(len(chosen)), chosen):
            found.append(person)
            tick(1)
    return [person for person in found if person is not None]


_LOADED: list[Any] = []


def _start() -> None:
    import face_recognition

    cv2.setNumThreads(1)
    _LOADED[:] = [load_engine(KIND), face_recognition]


def _person(number: int, photos: Sequence[Path]) -> Person | None:
    """Enrol the first five photos that pass, and come to the door as on two of the others."""
    draw, (engine, library) = np.random.default_rng(number), _LOADED
    enrolled: list[tuple[Embedding, Image]] = []
    rest = []
    for path in photos:
        image = read_photo(path)
        face = Problem.UNREADABLE if image is None else face_in(image, engine)
        if image is None or isinstance(face, Problem) or len(enrolled) == MEAN_OF_AT_LEAST:
            rest += [image] if image is not None else []
        else:
            enrolled.append((face, image))
    if len(enrolled) < MEAN_OF_AT_LEAST or len(rest) < TRIES:
        return None
    known = [row for _, image in enrolled for row in library.face_encodings(image)[:1]]
    tries = tuple(_try(photo, draw, engine, library) for photo in rest[:TRIES])
    return Person(tuple(face for face, _ in enrolled), tuple(known), tries)


def _try(photo: Image, draw: np.random.Generator, engine: Engine, library: Any) -> tuple[Seen, ...]:
    stand, seen = drawn(draw), []
    for number in range(FRAMES):
        frame = rendered(photo, stand, draw)
        faces = engine.find(frame)
        judgement = quality(frame, faces, LIVE)
        ours = engine.embed(frame, faces[0]) if judgement is Quality.GOOD else None
        theirs = library.face_encodings(frame) if number % 2 == 0 else []  # half of its frames: it takes as long again
        look = Look(1.0 + EVERY * number, judgement, faces[0] if faces else None)
        seen.append(Seen(look, ours, theirs[0] if len(theirs) == 1 else None))
        stand = moved(stand, draw)
    return tuple(seen)


def _threshold_without(
    fifth: int, people: Sequence[Person], templates: Sequence[Embedding], bare: Calibration
) -> float:
    """Return the threshold at which of the other people's frames no more than FMR are let in."""
    others = [number for number in range(len(people)) if number % FIFTHS != fifth]
    found = _strangers(people, templates, bare, others, [1.0] * FIFTHS)
    return min(found.threshold(FMR), bare.thresholds[TemplateMode.MEAN].same)


def _strangers(
    people: Sequence[Person],
    templates: Sequence[Embedding],
    bare: Calibration,
    whom: Sequence[int],
    limits: Sequence[float],
) -> Strangers:
    """Bring everybody's frames and enrolment photos to everybody else's template; distances are over their limit."""
    owner = [n for n in whom for _ in (*_frames(people[n]), *people[n].five)]
    rows = np.stack([row for n in whom for row in (*_frames(people[n]), *people[n].five)])
    numbers = np.array(owner)
    left, right = np.zeros(len(people), np.int64), np.bincount(numbers, minlength=len(people))
    left[list(whom)] = 1
    found = Strangers(left, right, across=True, at=1.0)
    for n in whom:
        strange = numbers != n
        found.add(bare.distances(rows[strange], templates[n]) / limits[n % FIFTHS], n, numbers[strange])
    return found


def _frames(person: Person) -> list[Embedding]:
    return [seen.ours for one in person.tries for seen in one if seen.ours is not None]


def _gets_in(person: Person, template: Embedding, bare: Calibration, same: float) -> bool:
    """Tell whether the vote of one of the tries is a match."""
    for one in person.tries:
        ends = 1.0 + EVERY * FRAMES
        challenge = Challenge("c", "door", "p", to_bytes(template[None]), TemplateMode.MEAN, 0.0, ends, KIND)
        ballot = Ballot(challenge, Threshold(same, np.inf, FMR))
        for seen in one:
            far = None if seen.ours is None else bare.distance(template[None], seen.ours)
            look = Look(seen.look.seen_at, seen.look.quality, seen.look.face, far)
            ballot = with_look(ballot, "door", look)
        answer = verdict(ballot, ends)
        if answer is not None and answer.outcome is Outcome.MATCHED:
            return True
    return False


def _library_in(person: Person, one: Sequence[Seen]) -> bool:
    return any(seen.library is not None and _library_near(person, seen.library) for seen in one)


def _library_near(person: Person, face: Embedding) -> bool:
    return any(np.linalg.norm(known - face) <= LIBRARY_TOLERANCE for known in person.library_five)


def _library_fmr(people: Sequence[Person]) -> float:
    judged = [
        _library_near(person, seen.library)
        for n, person in enumerate(people)
        for m, other in enumerate(people)
        if n != m
        for one in other.tries
        for seen in one
        if seen.library is not None
    ]
    return float(np.mean(judged)) if judged else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A camera's frame that is there already."""

    seen_at: float
    picture: Image

    def luma(self) -> Image:
        """Return the picture in grey."""
        return np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)

    def rgb(self) -> Image:
        """Return the picture."""
        return self.picture


class _Camera:
    """Shows what it is told to."""

    def __init__(self) -> None:
        self.shown: Any = None

    def start(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Nothing to end."""

    def latest(self) -> Any:
        """Return the newest frame."""
        return self.shown

    def take_count(self) -> int:
        """Count no frames."""
        return 0


def _verdict_after(engine: Engine, template: bytes, frames: Sequence[Image], number: int) -> float:
    """Return the seconds from the frame that decides to the verdict, through all that a worker does in between."""
    camera, sent = _Camera(), list[Value]()
    eyes = Eyes(sent.append, lambda _: None, KIND, load=lambda _: engine, open_source=lambda *_: camera)
    eyes.take(Watch("door", "door"))
    now = time.monotonic()
    eyes.take(Challenge("c", "door", "p", template, TemplateMode.MEAN, now, now + 10.0, KIND))
    for frame in range(FRAMES):
        begun = time.monotonic()
        camera.shown = _Frame(begun, frames[(number + frame) % len(frames)])
        eyes.turn()
        verdicts = [value for value in sent if isinstance(value, FaceVerdict)]
        if verdicts:
            assert verdicts[0].outcome is Outcome.MATCHED
            return time.monotonic() - begun
    raise AssertionError("eight frames of the right person, and no verdict")


def _models_alone(engine: Engine, frame: Image) -> float:
    begun = time.perf_counter()
    engine.embed(frame, engine.find(frame)[0])
    return time.perf_counter() - begun


def _embedding(engine: Engine, photo: Image) -> Embedding:
    return engine.embed(photo, engine.find(photo)[0])


def _framed(photo: Image) -> Image:
    """Return the photo in the middle of a camera's small stream."""
    return np.asarray(cv2.copyMakeBorder(cv2.resize(photo, (320, 320)), 20, 20, 160, 160, cv2.BORDER_REPLICATE))


def _decoded(jpeg: bytes) -> Image:
    return np.asarray(simplejpeg.decode_jpeg(jpeg), dtype=np.uint8)


def _reading(size: int) -> float:
    """Return the milliseconds that reading so many bytes takes from memory: a copy of 256 MB moves it twice."""
    source = np.ones(256 * 2**20, dtype=np.uint8)
    target = np.empty_like(source)
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        np.copyto(target, source)
        taken.append(time.perf_counter() - begun)
    return 1000 * min(taken) * size / (2 * source.nbytes)
