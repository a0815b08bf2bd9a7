"""The command line's ``ostiary face``: enrol somebody, and measure the engines that compare faces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from controller.cli_run import administer
from controller.domain.faces import FaceBasis
from controller.domain.site import FaceEngine
from controller.terminal import err, out

if TYPE_CHECKING:
    from vision.matching import Calibration
    from vision.photos import Photo

OK, DIFFERENT, UNUSABLE = 0, 1, 2
NAMED = 3
"""Of many photos that are missing, so many are named."""

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
Engine = Annotated[FaceEngine, typer.Option(help="Who compares faces.")]
CalibrationFile = Annotated[
    Path | None, typer.Option("--calibration", help="Thresholds that `face calibrate` wrote (default: those shipped).")
]
DEFAULT_DATA = Path("data")

face_app = typer.Typer(no_args_is_help=True, help="Face templates, and how good the engines are that compare faces.")


@face_app.command("enrol")
def face_enrol(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    photos: Annotated[list[Path], typer.Argument(help="Five photos (JPEG) or more.", exists=True, dir_okay=False)],
    basis: Annotated[FaceBasis, typer.Option(help="On what legal ground the template is kept.")],
    reason: Annotated[str, typer.Option(help="Which form, or which rule.")],
    not_the_same: Annotated[
        list[str] | None, typer.Option("--not-the-same", help="Somebody enrolled who looks alike and is another.")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a face template from photos, on a running box. The photos are not kept."""
    paths = [str(photo.absolute()) for photo in photos]
    given = {"person": person, "photos": paths, "basis": basis.value, "reason": reason, "others": not_the_same or []}
    done = administer(data, "face_enrol", **given)
    if done is None:
        return
    for line in done["left_out"]:
        out.print(line)
    if done["not_compared"]:
        out.print(f"{done['not_compared']} people are enrolled for another engine and could not be compared")
    out.print(f"{person}: enrolled ({done['engine']}, {done['mode']} of {done['used']} photos)")


@face_app.command("withdraw")
def face_withdraw(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    reason: Annotated[str, typer.Option(help="Why: consent withdrawn, left the mission.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Destroy somebody's face template and portrait: their keys, here and in every backup that can be reached."""
    if administer(data, "face_withdraw", person=person, reason=reason) is not None:
        out.print(f"{person}: template and portrait are destroyed")


@face_app.command("evaluate")
def face_evaluate(
    *,
    pairs: Annotated[Path, typer.Option(help="LFW's pairs.txt: NAME I J, or NAME I OTHER J.", exists=True)],
    images: Annotated[Path, typer.Option(help="A folder for each person: NAME/NAME_0001.jpg.", file_okay=False)],
    engine: Engine = FaceEngine.DLIB,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the rates there.")] = None,
    calibration: CalibrationFile = None,
) -> None:
    """Count how often a labelled set is judged wrongly: its pairs, and strangers all against all.

    A face not found, or too poor to judge, fails its genuine pairs. Exit code 2: the set cannot be read.
    """
    from vision.evaluation import PairsError, evaluated, photo_path, photos_of, read_pairs

    try:
        wanted = read_pairs(pairs.read_text(encoding="utf-8"))
    except (PairsError, UnicodeDecodeError) as wrong:
        raise _unusable(f"{pairs}: {wrong}") from None
    limits = _calibration(engine, calibration)
    paths = {photo: photo_path(images, photo) for photo in photos_of(wanted)}
    there = {photo: path for photo, path in paths.items() if path.is_file()}
    _tell_missing([path for photo, path in paths.items() if photo not in there], len(paths))
    if not there:
        raise _unusable(f"none of the photos that {pairs} names is in {images}")
    found = _embedded(list(there.values()), engine)
    report = evaluated(wanted, dict(zip(there, found, strict=True)), limits)
    _report(report)
    if as_json:
        as_json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@face_app.command("verify")
def face_verify(
    one: Annotated[Path, typer.Argument(help="A photo (JPEG).")],
    other: Annotated[Path, typer.Argument(help="Another.")],
    *,
    engine: Engine = FaceEngine.DLIB,
    calibration: CalibrationFile = None,
) -> None:
    """Tell whether two photos show one person. Exit code 0: they do; 1: they do not; 2: it cannot be judged."""
    from vision.comparing import compared

    limits = _calibration(engine, calibration)
    verdict = compared(one, other, _loaded(engine), limits)
    for sentence in verdict.sentences:
        out.print(sentence, markup=False)
    raise typer.Exit(UNUSABLE if verdict.same is None else OK if verdict.same else DIFFERENT)


@face_app.command("calibrate")
def face_calibrate(
    folder: Annotated[Path, typer.Argument(help="A folder for each person, of photos (JPEG).", file_okay=False)],
    *,
    fmr: Annotated[float, typer.Option(help="Of strangers, this share may pass for somebody else.")] = 1e-4,
    to: Annotated[Path, typer.Option(help="Where the thresholds are written; the curves beside it, as .svg.")] = Path(
        "calibration.json"
    ),
    said_of: Annotated[str, typer.Option("--about", help="What these photos are, for whoever reads the file.")] = "",
) -> None:
    """Set the thresholds of every engine and kind of template by a stated false match rate, on your own photos."""
    from vision.calibrating import CURVE, calibrate, faces_of
    from vision.photos import people_in
    from vision.plot import svg

    if not min(CURVE) <= fmr <= max(CURVE):
        raise _unusable(f"a false match rate lies between {min(CURVE):g} and {max(CURVE):g}")
    people = people_in(folder) if folder.is_dir() else {}
    try:
        found = _embedded([photo for photos in people.values() for photo in photos], FaceEngine.FUSION)
        faces = faces_of(found)
        about = {"photos": said_of or folder.name, "made": datetime.now(UTC).date().isoformat()} | _counted(found)
        with _steps("comparing everybody with everybody") as step:
            document = calibrate(faces, fmr, about, step)
    except ValueError as too_few:
        raise _unusable(f"{folder}: {too_few}") from None
    to.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    picture = to.with_suffix(".svg")
    picture.write_text(svg(document), encoding="utf-8")
    for name, row in document["engines"].items():
        for mode, limits in row["modes"].items():
            sentence = f"{name}, {mode}: up to {limits['same']:.4f} is the same person; {limits['tar']:.2%} let in"
            out.print(sentence, markup=False)
    out.print(f"{to} and {picture} written", markup=False)


def _calibration(engine: FaceEngine, file: Path | None) -> Calibration:
    from vision.matching import CalibrationError, load_calibration, read_calibration
    from vision.messages import EngineKind

    kind = EngineKind(engine.value)
    try:
        return load_calibration(kind) if file is None else read_calibration(file.read_text(encoding="utf-8"), kind)
    except (CalibrationError, OSError, UnicodeDecodeError) as missing:
        raise _unusable(str(missing)) from None


def _loaded(engine: FaceEngine) -> Any:
    from vision.messages import EngineKind
    from vision.models import ModelRefusedError, load_engine

    try:
        return load_engine(EngineKind(engine.value))
    except ModelRefusedError as refused:
        raise _unusable(str(refused)) from None


def _embedded(paths: Sequence[Path], engine: FaceEngine) -> list[Photo]:
    from vision.messages import EngineKind
    from vision.models import ModelRefusedError
    from vision.photos import embedded

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err) as progress:
            task = progress.add_task("looking for faces", total=len(paths))
            return embedded(paths, EngineKind(engine.value), lambda more: progress.advance(task, more))
    except ModelRefusedError as refused:
        raise _unusable(str(refused)) from None


@contextmanager
def _steps(what: str) -> Iterator[Callable[[str], None]]:
    with Progress(TextColumn("{task.description}"), console=err) as progress:
        task = progress.add_task(what, total=None)
        yield lambda step: progress.update(task, description=f"{what}: {step}")


def _tell_missing(missing: Sequence[Path], wanted: int) -> None:
    if missing:
        named = ", ".join(str(path) for path in missing[:NAMED]) + (", …" if len(missing) > NAMED else "")
        err.print(
            f"{len(missing)} of {wanted} photos are not there and their pairs are left out: {named}", markup=False
        )


def _report(report: dict[str, Any]) -> None:
    for key, value in report.items():
        if not key.endswith("_ci"):
            range_ = report.get(f"{key}_ci")
            within = f"  ({range_[0]:.6g} to {range_[1]:.6g})" if range_ else ""
            out.print(f"{key:>16}  {value}{within}", markup=False)


def _counted(photos: Sequence[Photo]) -> dict[str, Any]:
    from vision.photos import Problem

    problems = Counter(photo.face.value for photo in photos if isinstance(photo.face, Problem))
    people = {photo.path.parent.name for photo in photos if not isinstance(photo.face, Problem)}
    return {"images": len(photos), "people": len(people), "without_a_face": dict(problems)}


def _unusable(sentence: str) -> typer.Exit:
    err.print(sentence, markup=False)
    return typer.Exit(UNUSABLE)
