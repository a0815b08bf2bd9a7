"""Evidence from the choice to the verdict: packed by two, checked by the auditor's one file, tampered with."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from controller.admin import Admin, AdminError
from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.events import ClipRecorded, EvidenceExported, StillRecorded
from controller.domain.filming import Mask, MaskedBy, MaskKind
from controller.domain.ids import CameraId
from controller.domain.operators import Role
from controller.domain.records import Purpose, RetentionClass
from controller.filmed import RecordingName
from controller.ledger import auditor
from controller.ledger.checkpoint import cosign
from controller.ledger.note import COSIGNATURE_V1, SignerKey, parse_note
from controller.notary import PUBLIC_KEY_FILE, Notary
from controller.runtime.evidence import Wanted
from tests.vision.test_pixelate import SOMEBODY, clip, pictures
from vision.recording.film import SealedFile

pytestmark = pytest.mark.anyio
CONFIG = Path(__file__).parents[3] / "tests" / "embassy" / "embassy.toml"
CAMERA, PASSWORD = CameraId("cam-server"), "a password of one's own"
NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
FILM = clip(SOMEBODY)
WITNESS = SignerKey("ostiary/witness/1", COSIGNATURE_V1, bytes(range(32)))


@pytest.fixture
async def core(tmp_path):
    core = open_core(tmp_path / "box", CONFIG, Nobody())
    start_up(core)
    yield core
    core.close()


@pytest.fixture
async def admin(core):
    admin = Admin(core)
    for name, role in (("sven", Role.SECURITY_OFFICER), ("sue", Role.SUPERVISOR), ("gil", Role.GUARD)):
        await admin.add_operator(name, role, "t")
        core.keystore.set_password(name, PASSWORD, one_time=False)
    return admin


async def kept(core, *, content=FILM, kind=RetentionClass.CLIPS, began=NOON, event=1, told=None, silent=False):
    """Seal a recording as the recorder does, and tell the log of it."""
    name = RecordingName(kind, CAMERA, began, event)
    path = name.path(core.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        sealed = SealedFile(file, core.keystore.key_at_once(name.subject, "recording"), name.subject)
        sealed.write(content)
        sealed.finish()
    core.keystore.keep_new()
    digest = told or sealed.digest
    if kind is RetentionClass.SNAPSHOTS:
        fact = StillRecorded(str(name), CAMERA, began, sealed.size, digest, (event,), (), silent)
    else:
        fact = ClipRecorded(str(name), CAMERA, kind, began, 1.0, sealed.size, digest, True, (event,), (), silent)
    await core.runtime.handle(st.KeepingDone(fact)).durable
    return name


def asked(to, **given):
    nothing = {"since": None, "until": None, "camera": None, "door": None, "witness": ""}
    which = {"purpose": "investigation", "case": "AZ-8", "events": [1], "recordings": [], "pixelated": False}
    return {**nothing, **which, "to": str(to), "password": PASSWORD, **given}


async def by_two(admin, to, **given):
    command = admin.commands["evidence_export"]
    first = await command({**asked(to, **given), "operator": "sue"})
    assert not first["done"]
    return await command({**asked(to, **given), "operator": "sven"})


def check(core, path, capsys, *more):
    capsys.readouterr()
    code = auditor.main([str(path), "--log-key", str(core.folder / PUBLIC_KEY_FILE), *more])
    return code, capsys.readouterr().out


def cosigned(core):
    notary = Notary(core.folder, core.keystore.secrets)
    notary.take_up()
    note = notary.sign()
    notary.close()
    return cosign(note, WITNESS, 1_795_000_000)


async def test_two_hand_out_films_that_are_what_the_log_says_and_a_guard_never(core, admin, tmp_path, capsys):
    name = await kept(core)
    to = tmp_path / "out.zip"
    done = await by_two(admin, to)
    assert (done["done"], done["recordings"], done["records"]) == (True, [str(name)], [1])
    with zipfile.ZipFile(to) as package:
        assert package.read(f"{name}.mp4") == FILM
        manifest = json.loads(package.read("manifest.json"))
        assert "Handed out for: investigation AZ-8" in package.read("README.txt").decode()
        assert "Controller started" in package.read("events.txt").decode() or package.read("events.txt")
    assert manifest["recordings"][0]["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert to.stat().st_mode & 0o077 == 0
    code, said = check(core, to, capsys)
    assert (code, said.startswith("intact: 1 recordings, 3 entries, checkpoint of ")) == (0, True), said
    facts = [r.event for r in core.log.newest("evidence_exported")]
    assert [(fact.operator, fact.second, fact.case) for fact in facts] == [("sue", "sven", "AZ-8")]
    with pytest.raises(AdminError, match="not your role"):
        await admin.commands["evidence_export"]({**asked(tmp_path / "b.zip"), "operator": "gil"})
    with pytest.raises(AdminError, match="is there already"):
        await admin.commands["evidence_export"]({**asked(to), "operator": "sue"})


async def test_one_person_alone_gets_nothing(core, admin, tmp_path):
    await kept(core)
    command = admin.commands["evidence_export"]
    await command({**asked(tmp_path / "a"), "operator": "sue"})
    with pytest.raises(AdminError, match="second person"):
        await command({**asked(tmp_path / "a"), "operator": "sue"})
    other = await command({**asked(tmp_path / "a", pixelated=True), "operator": "sven"})
    assert not other["done"]
    assert not list(core.log.newest("evidence_exported"))
    assert not (tmp_path / "a").exists()


async def test_what_is_pixelated_leaves_as_a_copy_beside_the_hash_of_the_film(core, admin, tmp_path, capsys):
    name = await kept(core)
    to = tmp_path / "folder"
    await by_two(admin, to, pixelated=True)
    assert (to / f"{name}.mp4").read_bytes() != FILM
    manifest = json.loads((to / "manifest.json").read_text())
    (told,) = manifest["recordings"]
    assert told["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert told["copy"]["frames"] == 8
    assert told["copy"]["faces"] >= 1
    assert "may miss" in manifest["notice"]
    assert "may miss" in (to / "README.txt").read_text()
    assert not any(FILM in each.read_bytes() for each in to.iterdir())
    code, said = check(core, to, capsys)
    assert (code, "(1 of them pixelated copies)" in said) == (0, True)


async def test_what_cannot_be_pixelated_is_not_handed_out_clear(core, admin, tmp_path):
    await kept(core, content=b"no film at all")
    with pytest.raises(AdminError, match="could not be pixelated"):
        await by_two(admin, tmp_path / "out.zip", pixelated=True)
    assert list(tmp_path.iterdir()) == [core.folder]


async def test_a_time_at_a_camera_or_a_door_is_a_choice_and_is_bounded(core, admin):
    names = [await kept(core, began=NOON + timedelta(minutes=minute), event=minute + 1) for minute in (0, 5)]
    still = await kept(core, content=b"\xff\xd8", kind=RetentionClass.SNAPSHOTS, began=NOON, event=1)
    desk, minute = admin.evidence.desk, timedelta(minutes=1)
    now = core.clock.now().wall
    # what the log's own time says is now; the films say that they are of noon
    early = min(now, NOON) - minute
    chosen = await desk.choose(Wanted(since=early, until=early + timedelta(hours=23), camera=CAMERA), silent=True)
    assert set(chosen.recordings) <= {str(name) for name in (*names, still)}
    assert chosen.cameras in ((), (CAMERA,))
    for wrong in (
        Wanted(),
        Wanted(events=(999,)),
        Wanted(recordings=("clips.cam-server.2026-11-22.120000250-99",)),
        Wanted(since=NOON, camera=CAMERA),
        Wanted(since=NOON, until=NOON + minute),
        Wanted(since=NOON, until=NOON + minute, camera=CAMERA, door="server-door"),
        Wanted(since=NOON, until=NOON - minute, camera=CAMERA),
        Wanted(since=NOON, until=NOON + timedelta(days=2), camera=CAMERA),
    ):
        with pytest.raises(LookupError):
            await desk.choose(wrong, silent=True)


async def test_silent_records_and_films_are_for_those_who_see_them(core, admin):
    name = await kept(core, silent=True)
    desk = admin.evidence.desk
    assert (await desk.choose(Wanted(events=(1,)), silent=True)).recordings == (str(name),)
    assert (await desk.choose(Wanted(events=(1,)), silent=False)).recordings == ()
    with pytest.raises(LookupError):
        await desk.choose(Wanted(recordings=(str(name),)), silent=False)


async def test_behind_a_veil_nothing_is_handed_out_until_two_lift_it(core, admin, tmp_path):
    await kept(core)
    site = core.runtime.site
    veil = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1)))
    core.runtime.site = replace(site, cameras={CAMERA: replace(site.cameras[CAMERA], masks=(veil,))})
    with pytest.raises(AdminError, match="a veil hangs before cam-server"):
        await by_two(admin, tmp_path / "out.zip")
    until = core.runtime.state.veils.set(CAMERA, core.runtime.mono() + 60)
    core.runtime.state = replace(core.runtime.state, veils=until)
    assert (await by_two(admin, tmp_path / "out.zip"))["done"]


async def test_behind_a_veil_masked_copies_are_handed_out_by_choice_whether_it_was_lifted_or_not(
    core, admin, tmp_path, capsys
):
    still = simplejpeg.encode_jpeg(np.full((90, 160, 3), 200, dtype=np.uint8))
    names = {"film": await kept(core), "still": await kept(core, content=still, kind=RetentionClass.SNAPSHOTS)}
    site = core.runtime.site
    veil = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    core.runtime.site = replace(site, cameras={CAMERA: replace(site.cameras[CAMERA], masks=(veil,))})
    until = core.runtime.state.veils.set(CAMERA, core.runtime.mono() + 600)
    for to, pixelated, veils in (("a", False, core.runtime.state.veils), ("b", True, until)):
        core.runtime.state = replace(core.runtime.state, veils=veils)
        await by_two(admin, tmp_path / to, masked=True, pixelated=pixelated)
        images = pictures((tmp_path / to / f"{names['film']}.mp4").read_bytes())
        images.append(simplejpeg.decode_jpeg((tmp_path / to / f"{names['still']}.jpg").read_bytes()))
        assert len(images) == 9
        assert all(image[:, : image.shape[1] // 2 - 8].max() <= 20 for image in images)
        assert all(image[:, image.shape[1] // 2 + 8 :].mean() > 40 for image in images)
        manifest = json.loads((tmp_path / to / "manifest.json").read_text())
        assert [each["copy"]["masks"] for each in manifest["recordings"]] == [["the desk"]] * 2
        assert (manifest["masked"], "behind a veil" in (tmp_path / to / "README.txt").read_text()) == (True, True)
        code, said = check(core, tmp_path / to, capsys)
        how = "masked and pixelated" if pixelated else "masked"
        assert (code, f"(2 of them {how} copies)" in said) == (0, True)
    facts = [record.event for record in core.log.newest("evidence_exported")]
    assert [(fact.masked, fact.pixelated) for fact in facts] == [(True, True), (True, False)]


async def test_masked_is_what_two_agree_to_and_leaves_what_has_no_veil_as_it_was(core, admin, tmp_path, capsys):
    name = await kept(core)
    command = admin.commands["evidence_export"]
    await command({**asked(tmp_path / "a", masked=True), "operator": "sue"})
    assert not (await command({**asked(tmp_path / "a"), "operator": "sven"}))["done"]
    assert (await command({**asked(tmp_path / "a", masked=True), "operator": "sven"}))["done"]
    assert (tmp_path / "a" / f"{name}.mp4").read_bytes() == FILM
    assert check(core, tmp_path / "a", capsys)[0] == 0
    signed_anew(core, lambda _, told: told.update(masked=False))(tmp_path / "a")
    assert "it is not what the log says was handed out" in check(core, tmp_path / "a", capsys)[1]


async def test_what_cannot_be_masked_is_not_handed_out_clear(core, admin, tmp_path):
    await kept(core, content=b"no film at all")
    site = core.runtime.site
    veil = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1)))
    core.runtime.site = replace(site, cameras={CAMERA: replace(site.cameras[CAMERA], masks=(veil,))})
    with pytest.raises(AdminError, match="could not be masked"):
        await by_two(admin, tmp_path / "out.zip", masked=True)
    assert list(tmp_path.iterdir()) == [core.folder]


async def test_a_film_that_is_not_what_the_log_says_or_is_gone_is_not_handed_out(core, admin, tmp_path):
    await kept(core, told="00" * 32)
    with pytest.raises(AdminError, match="is not what the log says was recorded"):
        await by_two(admin, tmp_path / "out.zip")
    name = await kept(core, began=NOON + timedelta(hours=1), event=2)
    name.path(core.folder).unlink()
    with pytest.raises(AdminError, match="is gone"):
        await by_two(admin, tmp_path / "out.zip", events=[2])
    assert not list(core.log.newest("evidence_exported"))


async def test_a_witness_goes_along_and_must_have_seen_this_log(core, admin, tmp_path, capsys):
    await kept(core)
    seen = cosigned(core)
    to = tmp_path / "out.zip"
    await by_two(admin, to, witness=seen)
    size = int(parse_note(seen).text.split("\n")[1])
    code, said = check(core, to, capsys, "--witness-key", str(WITNESS.verifier))
    assert (code, said.endswith(f", the first {size} of which a witness saw\n")) == (0, True)
    with pytest.raises(AdminError, match="no checkpoint of this log"):
        await by_two(admin, tmp_path / "b.zip", witness="something else\n")
    without = tmp_path / "c.zip"
    await by_two(admin, without)
    code, said = check(core, without, capsys, "--witness-key", str(WITNESS.verifier))
    assert (code, "no witness's checkpoint is in it" in said) == (0, True)


async def test_two_at_once_are_told_to_wait(core, admin):
    await kept(core)
    desk = admin.evidence.desk
    chosen = await desk.choose(Wanted(events=(1,)), silent=True)
    order = chosen.order(Purpose.INVESTIGATION, "AZ-8", pixelated=False, masked=False)
    for operator in ("sue", "sven"):
        await admin.records.order(operator, order)
    parts = desk.package(order, "sven")
    begun = [await anext(parts)]
    with pytest.raises(ValueError, match="try again"):
        await anext(desk.package(order, "sven"))
    begun += [part async for part in parts]
    assert zipfile.ZipFile(io.BytesIO(b"".join(begun))).testzip() is None


def changed(name, change):
    """Tampering with one file of a folder."""

    def tamper(folder):
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return tamper


def forged(change):
    """Tampering with the manifest, its note written anew around it by somebody without the key."""

    def tamper(folder):
        path = folder / "manifest.json"
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        path.write_text(json.dumps(change(json.loads(path.read_text()))))
        note = folder / "manifest.note"
        note.write_text(note.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))

    return tamper


def first_film(folder):
    return next(folder.glob("*.mp4"))


def cut(folder):
    path = first_film(folder)
    path.write_bytes(path.read_bytes()[:-1])


def linked(folder):
    path = first_film(folder)
    elsewhere = folder.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


NOT_SIGNED, NO_PLAIN = "it is not signed by the log's key", "it is no plain file"
ANOTHER = "it is not the file that was handed out: its SHA-256 is another"
TAMPERING = {
    "a film changed": (cut, f"*.mp4: {ANOTHER}"),
    "a film taken out": (lambda folder: first_film(folder).unlink(), "*.mp4: it is missing"),
    "a film that lies elsewhere": (linked, f"*.mp4: {NO_PLAIN}"),
    "a file put in": (lambda folder: (folder / "more.mp4").write_bytes(b"x"), "more.mp4: it was added"),
    "a folder put in": (lambda folder: (folder / "more").mkdir(), f"more: {NO_PLAIN}"),
    "an entry changed": (
        changed("entries.json", lambda old: old.replace(b'"wall": 1', b'"wall": 2')),
        f"entries.json: {ANOTHER}",
    ),
    "the readme changed": (changed("README.txt", lambda old: old + b"x"), f"README.txt: {ANOTHER}"),
    "the words changed": (changed("events.txt", lambda old: old + b"x"), f"events.txt: {ANOTHER}"),
    "the checkpoint changed": (changed("checkpoint.txt", lambda old: old + b"x"), f"checkpoint.txt: {ANOTHER}"),
    "the manifest changed": (
        changed("manifest.json", lambda old: old + b" "),
        "manifest.json: it is not the one that was signed",
    ),
    "the manifest forged": (forged(lambda old: {**old, "case": "AZ-9"}), f"manifest.note: {NOT_SIGNED}"),
    "the manifest taken out": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json: it is missing"),
    "the signature taken out": (lambda folder: (folder / "manifest.note").unlink(), "manifest.note: it is missing"),
    "the signature emptied": (changed("manifest.note", lambda _: b""), f"manifest.note: {NOT_SIGNED}"),
}


async def test_each_kind_of_tampering_has_its_sentence(core, admin, tmp_path, capsys):
    name = await kept(core)
    whole = tmp_path / "whole"
    await by_two(admin, whole)
    assert check(core, whole, capsys)[0] == 0
    for what, (tamper, sentence) in TAMPERING.items():
        folder = tmp_path / "tampered"
        shutil.copytree(whole, folder)
        tamper(folder)
        expected = f"first bad file: {sentence}\n".replace("*.mp4", f"{name}.mp4")
        assert check(core, folder, capsys) == (1, expected), what
        shutil.rmtree(folder)


def signed_anew(core, change):
    """Tampering by somebody who holds the box's key as well: only the log's own proofs stand against it."""
    from controller.ledger.note import sign_note
    from controller.notary import log_key

    def tamper(folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        change(folder, manifest)
        for each in manifest["files"]:
            content = (folder / each["name"]).read_bytes()
            each.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
        written = json.dumps(manifest).encode()
        (folder / "manifest.json").write_bytes(written)
        key = log_key(core.folder, core.keystore.secrets)
        text = f"ostiary evidence 1\n{key.name}\n{hashlib.sha256(written).hexdigest()}\n"
        (folder / "manifest.note").write_text(str(sign_note(text, key)))

    return tamper


def other_film(folder, _):
    first_film(folder).write_bytes(b"another film")


def other_film_and_hash(folder, manifest):
    other_film(folder, manifest)
    manifest["recordings"][0]["sha256"] = hashlib.sha256(b"another film").hexdigest()


def other_entry(folder, _):
    path = folder / "entries.json"
    entries = json.loads(path.read_text())
    entries[0]["wall"] += 1
    path.write_text(json.dumps(entries))


def fewer_entries(folder, _):
    path = folder / "entries.json"
    path.write_text(json.dumps([each for each in json.loads(path.read_text()) if each["seq"] != 1]))


def no_film(folder, manifest):
    first_film(folder).unlink()
    manifest["files"] = [each for each in manifest["files"] if not each["name"].endswith(".mp4")]
    manifest["recordings"] = []


def other_witness(folder, _):
    path = folder / "witness.txt"
    path.write_text(path.read_text().replace("— ostiary/witness/1 ", "— ostiary/witness/2 "))


SIGNED_ANEW = {
    "another film": (other_film, "*.mp4: it is not what was recorded: the log has another SHA-256"),
    "another film and its hash": (other_film_and_hash, "*.mp4: the log does not say that it was recorded so"),
    "another entry": (other_entry, "entries.json: entry 1 is not in the log that was signed"),
    "an entry left out": (
        fewer_entries,
        "manifest.json: it does not hold all that the log says was handed out, or more",
    ),
    "a film left out": (no_film, "manifest.json: it does not hold all that the log says was handed out, or more"),
    "another case": (
        lambda _, told: told.update(case="AZ-9"),
        "manifest.json: it is not what the log says was handed out",
    ),
    "another person": (
        lambda _, told: told.update(second="ada"),
        "manifest.json: it is not what the log says was handed out",
    ),
    "said to be a copy": (
        lambda _, told: told["recordings"][0].update(copy={"frames": 1, "faces": 1}),
        "*.mp4: it is a copy where the film itself was handed out, or the other way round",
    ),
    "another export": (
        lambda _, told: told.update(export=1),
        "manifest.json: it is not what the log says was handed out",
    ),
    "another witness": (other_witness, "witness.txt: it is not cosigned by the witness's key"),
    "no such proof": (
        lambda _, told: told["witness"].update(proof=["00" * 32]),
        "witness.txt: the log that was signed does not contain what the witness saw",
    ),
    "no list": (lambda _, told: told.update(recordings=7), "manifest.json: it is not written as it should be"),
}


async def test_who_has_the_boxs_key_as_well_is_found_by_the_logs_proofs(core, admin, tmp_path, capsys):
    name = await kept(core)
    whole = tmp_path / "whole"
    await by_two(admin, whole, witness=cosigned(core))
    for what, (change, sentence) in SIGNED_ANEW.items():
        folder = tmp_path / "tampered"
        shutil.copytree(whole, folder)
        signed_anew(core, change)(folder)
        expected = f"first bad file: {sentence}\n".replace("*.mp4", f"{name}.mp4")
        assert check(core, folder, capsys, "--witness-key", str(WITNESS.verifier)) == (1, expected), what
        shutil.rmtree(folder)


async def test_a_zip_is_held_to_the_same_and_to_one_file_of_a_name(core, admin, tmp_path, capsys):
    await kept(core)
    to = tmp_path / "out.zip"
    await by_two(admin, to)
    whole = to.read_bytes()
    with zipfile.ZipFile(to, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr("README.txt", "another")
    assert check(core, to, capsys) == (1, "first bad file: README.txt: it is there twice\n")
    to.write_bytes(whole)
    with zipfile.ZipFile(to, "a") as package:
        package.writestr("a/b.txt", "another")
    assert check(core, to, capsys) == (1, "first bad file: a/b.txt: it is no plain file\n")
    at = whole.index(FILM) + len(FILM) // 2
    to.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    code, said = check(core, to, capsys)
    assert (code, said.endswith(".mp4: its bytes are damaged\n")) == (1, True)
    to.write_bytes(whole[: len(whole) // 2])
    assert check(core, to, capsys) == (2, "")
    to.write_bytes(whole)
    assert auditor.main([str(to)]) == 2
    other = SignerKey("ostiary/log/other", 1, bytes(32)).verifier
    capsys.readouterr()
    assert auditor.main([str(to), "--log-key", str(other)]) == 1
    assert capsys.readouterr().out == "first bad file: manifest.note: it is not signed by the log's key\n"


async def test_an_export_is_of_those_two_and_no_older_one(core, admin):
    await kept(core)
    desk = admin.evidence.desk
    order = (await desk.choose(Wanted(events=(1,)), silent=True)).order(
        Purpose.AUDIT, "", pixelated=False, masked=False
    )
    with pytest.raises(ValueError, match="does not say that two agreed"):
        await anext(desk.package(order, "sven"))
    assert not any(isinstance(r.event, EvidenceExported) for r in core.runtime.read(before=None, limit=100))
