"""People and operators on a real folder: recorded before it is answered, and in clear nowhere."""

from __future__ import annotations

import asyncio
import csv
import itertools
import re
from pathlib import Path

import pytest

from controller import pins
from controller.admin import Admin, AdminError
from controller.core import open_core, start_up
from controller.domain.events import CardholderRecorded, CredentialRecorded, OperatorRecorded
from controller.domain.faces import FaceBasis
from controller.domain.operators import Role
from controller.domain.people import PERSONAL_PIN, CredentialKind, CredentialStatus
from controller.domain.site import Assurance
from controller.face_admin import FaceRefused
from controller.runtime.ports import FaceMade, FaceTemplate

pytestmark = pytest.mark.anyio

CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
PEOPLE = (CONFIG / "people.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(line for line in PEOPLE.splitlines() if not line.startswith("#")))


class Nothing:
    def post(self, effect):
        pass


@pytest.fixture
async def core(tmp_path):
    core = open_core(tmp_path / "data", CONFIG / "embassy.toml", Nothing())
    start_up(core)
    yield core
    core.close()


@pytest.fixture
def admin(core):
    return Admin(core)


async def imported(admin, text=PEOPLE):
    given = {"csv": text, "file": "people.csv", "author": "root at the box"}
    done = await admin.commands["people_import"](given)
    return {"people": done["people"], "new": done["new"]}


def recorded(core, kind):
    return [record.event for record in core.log.replay() if isinstance(record.event, kind)]


async def test_people_are_durable_when_the_command_answers(core, admin):
    assert await imported(admin) == {"people": len(ROWS), "new": len(ROWS)}
    assert [event.cardholder.id for event in recorded(core, CardholderRecorded)] == [row["id"] for row in ROWS]
    assert {event.author for event in recorded(core, CredentialRecorded)} == {"root at the box"}
    assert core.vault.identity("p-001").name == "Eileen Collins"


async def test_the_same_list_again_changes_nothing(core, admin):
    await imported(admin)
    seq = core.runtime.seq
    assert await imported(admin) == {"people": len(ROWS), "new": 0}
    assert core.runtime.seq == seq


async def test_one_changed_row_is_one_change(core, admin):
    await imported(admin)
    seq = core.runtime.seq
    changed = PEOPLE.replace("Grace Hopper,staff,3", "Grace Murray Hopper,staff,3")
    assert await imported(admin, changed) == {"people": len(ROWS), "new": 1}
    assert core.runtime.seq == seq + 1
    assert core.vault.identity("p-002").name == "Grace Murray Hopper"


async def test_a_list_with_a_mistake_is_refused_whole_with_line_and_mend(core, admin):
    with pytest.raises(AdminError, match=r"people\.csv:15:28: clearance: .*\n *mend: write 0 to 9"):
        await imported(admin, PEOPLE.replace("Eileen Collins,staff,3", "Eileen Collins,staff,x"))
    assert not core.runtime.state.people


async def test_a_badge_that_is_somebody_elses_is_refused(core, admin):
    await imported(admin)
    head = next(line for line in PEOPLE.splitlines() if line.startswith("id,"))
    thief = "p-099,Mallory,visitor,0,visitors,H10301,42,10001,symmetric,active,,,,,"
    with pytest.raises(AdminError, match="badge of p-099 is known as that of p-001"):
        await imported(admin, f"{head}\n{thief}\n")
    assert "p-099" not in core.runtime.state.people


async def test_the_doors_are_served_while_a_long_list_comes_in(core, admin):
    head = next(line for line in PEOPLE.splitlines() if line.startswith("id,"))
    rows = "\n".join(f"q-{n},Nobody {n},staff,0,staff,H10301,43,{n},symmetric,active,,,,," for n in range(1, 400))
    turns = itertools.count()

    async def others():
        while True:
            next(turns)
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await imported(admin, f"{head}\n{rows}\n")
    task.cancel()
    assert next(turns) > 10


def private():
    for row in ROWS:
        yield row["name"]
        yield row["number"]
        if row["pin"]:
            yield row["pin"]


async def test_no_name_no_pin_and_no_card_number_is_anywhere_in_clear(core, admin, tmp_path):
    await imported(admin)
    password = await admin.add_operator("gil", Role.GUARD, "root at the box")
    found = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert {file.name for file in found} >= {"ostiary.db", "ostiary.db-wal", "keys.db", "box.key"}
    for secret, (file, content) in itertools.product((*private(), password), found.items()):
        # Short digits turn up in any hash: what counts is a value of its own.
        alone = rb"(?<![0-9A-Za-z+/=._:-])" + re.escape(secret.encode()) + rb"(?![0-9A-Za-z+/=._:-])"
        assert not re.search(alone, content), f"{secret} stands in {file.name}"


def test_that_search_finds_what_stands_there():
    assert re.search(rb"(?<![0-9A-Za-z+/=._:-])4471(?![0-9A-Za-z+/=._:-])", b'{"pin":"4471"}')


async def test_an_operator_gets_a_one_time_password_and_no_secret_is_logged(core, admin):
    given = {"name": "gil", "role": "guard", "author": "root at the box"}
    password = (await admin.commands["operator_add"](given))["one_time_password"]
    assert core.keystore.password_matches("gil", password)
    assert core.keystore.password_is_one_time("gil")
    [event] = recorded(core, OperatorRecorded)
    assert (event.operator.id, event.operator.role, event.author) == ("gil", Role.GUARD, "root at the box")


@pytest.mark.parametrize("name", ["", " ", "two words", "tab\there", "x" * 65, "line\nfeed", "\u202egil"])
async def test_a_name_nobody_could_type_is_refused(core, admin, name):
    with pytest.raises(AdminError, match="no name to sign in with"):
        await admin.add_operator(name, Role.GUARD, "root")
    assert not core.runtime.state.operators


async def test_a_face_is_enrolled_sealed_and_only_where_there_are_eyes(core, tmp_path):
    with pytest.raises(FaceRefused, match="running box"):
        await Admin(core).faces.enrol("p-001", [], "root", FaceBasis.CONSENT)

    async def eyes(cardholder, photos):
        return FaceMade(FaceTemplate("engine-1", "mean5", b"\x01\x02" * 64), ("",), 5, alike)

    alike = ()
    admin = Admin(core, eyes)
    with pytest.raises(FaceRefused, match="nobody is known as p-001"):
        await admin.faces.enrol("p-001", [], "root", FaceBasis.CONSENT)
    await imported(admin)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"jpeg")
    about = {"author": "root", "basis": "consent", "reason": "form 12"}
    given = {**about, "person": "p-001", "photos": [str(photo)]}
    done = await admin.commands["face_enrol"](given)
    assert done == {"engine": "engine-1", "mode": "mean5", "used": 5, "left_out": [], "not_compared": 0}
    assert core.vault.template("p-001").vector == b"\x01\x02" * 64
    assert all(b"\x01\x02" * 16 not in file.read_bytes() for file in core.folder.iterdir())


def row(person, number, pin, duress=""):
    return f"{person},A,staff,1,,H10302,,{number},pki,active,,,{pin},,{duress}"


async def listed(admin, *rows):
    header = (
        "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face"
    )
    return await imported(admin, "\n".join([f"{header},duress_pin", *rows]))


async def test_a_duress_pin_is_recorded_as_a_proof_alone(core, admin):
    await listed(admin, row("p-901", 901, "4711", "823600"))
    (badge,) = recorded(core, CredentialRecorded)
    assert badge.credential.duress == core.keystore.pin_proof(badge.credential.id, "823600")
    assert "823600" not in repr(core.runtime.state)


@pytest.mark.parametrize(("pin", "duress"), [("1234", "4712"), ("1234", "4711"), ("823601", "9999"), ("82360", "9999")])
async def test_it_is_no_slip_of_somebody_who_is_known_already_nor_the_other_way_round(core, admin, pin, duress):
    await listed(admin, row("p-901", 901, "4711", "823600"))
    before = core.runtime.seq
    with pytest.raises(AdminError, match="p-902: a PIN is one digit from somebody's duress PIN"):
        await listed(admin, row("p-902", 902, pin, duress))
    assert core.runtime.seq == before


async def test_whoever_is_in_the_list_again_is_held_against_the_list(core, admin):
    await listed(admin, row("p-901", 901, "4711", "823600"))
    assert (await listed(admin, row("p-901", 901, "5822", "4711")))["new"] == 1


async def test_more_pins_than_can_be_compared_are_imported_in_one_file(core, admin, monkeypatch):
    monkeypatch.setattr(pins, "MOST_PROOFS", 10)
    await listed(admin, row("p-901", 901, "4711"))
    with pytest.raises(AdminError, match="import everybody in one file"):
        await listed(admin, row("p-902", 902, "1234", "823600"))


async def test_an_operator_is_given_a_password_for_when_somebody_forces_them(core, admin):
    with pytest.raises(AdminError, match="nobody signs in as gil"):
        await admin.commands["operator_duress"]({"name": "gil", "author": "root"})
    await admin.add_operator("gil", Role.GUARD, "root")
    given = await admin.commands["operator_duress"]({"name": "gil", "author": "root"})
    assert core.keystore.duress_matches("gil", given["duress_password"])
    assert [event.author for event in recorded(core, OperatorRecorded)] == ["root", "root"]


OWN = "personal_pin,personal_duress_pin"


async def with_own_pins(admin, *rows):
    header = (
        "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face"
    )
    return await imported(admin, "\n".join([f"{header},{OWN}", *rows]))


async def test_a_personal_pin_is_a_credential_of_its_own_and_its_digits_are_nowhere(core, admin):
    await with_own_pins(admin, f"{row('p-901', 901, '')}318204,900900")
    card, pin = (event.credential for event in recorded(core, CredentialRecorded))
    assert (card.kind, pin.kind, pin.assurance) == (CredentialKind.CARD, CredentialKind.PIN, Assurance.COPYABLE)
    assert pin.token == core.keystore.card_token(PERSONAL_PIN, "318204")
    assert pin.duress == core.keystore.card_token(PERSONAL_PIN, "900900")
    assert core.runtime.state.tokens[pin.token] == core.runtime.state.tokens[pin.duress] == pin.id
    assert "318204" not in repr(core.runtime.state)


async def test_a_personal_pin_is_nobody_elses_and_no_slip_from_anybodys_duress_pin(core, admin):
    await with_own_pins(admin, f"{row('p-901', 901, '')}318204,900900")
    with pytest.raises(AdminError, match="the personal PIN of p-902 is known as that of p-901"):
        await with_own_pins(admin, f"{row('p-902', 902, '')}318204,")
    for pin, duress in (("900901", ""), ("771177", "318205")):
        with pytest.raises(AdminError, match="one digit from somebody's duress PIN"):
            await with_own_pins(admin, f"{row('p-902', 902, '')}{pin},{duress}")


async def test_a_personal_pin_that_left_the_list_is_taken_back(core, admin):
    await with_own_pins(admin, f"{row('p-901', 901, '')}318204,")
    assert (await with_own_pins(admin, f"{row('p-901', 901, '')},"))["new"] == 1
    assert core.runtime.state.credentials["p-901-pin"].status is CredentialStatus.RETURNED
    assert (await with_own_pins(admin, f"{row('p-901', 901, '')},"))["new"] == 0
