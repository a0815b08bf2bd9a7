"""The list of people is read as strictly as the site: a row for each refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.domain.people import CardholderKind, CredentialStatus, HeldCompetency
from controller.domain.site import Assurance, Site
from controller.site.errors import SiteError, SiteErrors
from controller.site.loader import parse_site
from controller.site.people import COLUMNS, PersonRow, load_people, parse_people

HEADER = ",".join(COLUMNS)
ALICE = "p-001,Alice,staff,2,staff;it,H10301,42,10001,symmetric,active,2026-01-01,2026-12-31,4711,alice"
FIRST_LINE = 2


@pytest.fixture(scope="module")
def site(embassy: str) -> Site:
    return parse_site(embassy.encode(), "embassy.toml")


def read(site: Site, *lines: str, header: str = HEADER) -> list[PersonRow]:
    return parse_people("\n".join((header, *lines)).encode(), "people.csv", site)


def refused(site: Site, *lines: str, header: str = HEADER) -> tuple[SiteError, ...]:
    with pytest.raises(SiteErrors) as caught:
        read(site, *lines, header=header)
    return caught.value.errors


def test_a_row_is_a_person_with_a_badge(site):
    vienna = ZoneInfo("Europe/Vienna")
    assert read(site, ALICE) == [
        PersonRow(
            id="p-001",
            name="Alice",
            kind=CardholderKind.STAFF,
            clearance=2,
            levels=frozenset({"staff", "it"}),
            badge_format="H10301",
            facility=42,
            number=10001,
            assurance=Assurance.SYMMETRIC,
            status=CredentialStatus.ACTIVE,
            valid_from=datetime(2026, 1, 1, tzinfo=vienna),
            valid_until=datetime(2027, 1, 1, tzinfo=vienna),
            pin="4711",
            face="alice",
        )
    ]


def test_what_may_be_empty_is_none(site):
    [bob] = read(site, "p-002,Bob,visitor,0,,H10302,,7,pki,lost,,,,")
    assert (bob.levels, bob.facility, bob.valid_from, bob.valid_until) == (frozenset(), None, None, None)
    assert (bob.pin, bob.face) == (None, None)


def test_a_time_with_its_zone_is_taken_to_the_second(site):
    [alice] = read(site, ALICE.replace("2026-12-31", "2026-12-31T18:30:00+03:00"))
    assert alice.valid_until == datetime(2026, 12, 31, 15, 30, tzinfo=UTC)


def test_the_end_of_a_date_is_the_next_midnight_even_where_the_clocks_change(site):
    [alice] = read(site, ALICE.replace("2026-12-31", "2026-10-25"))
    assert alice.valid_until is not None
    assert alice.valid_until.utcoffset() == timedelta(hours=1)


def test_comments_empty_lines_quotes_and_the_order_of_columns_do_not_matter(site, tmp_path: Path):
    rows = ["", HEADER, "# Alice is on leave", ALICE.replace("Alice", '"Liddell, ""Alice"""')]
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbf# names\r\n" + "\r\n".join(rows).encode())
    assert [person.name for person in load_people(path, site)] == ['Liddell, "Alice"']
    turned = [",".join(reversed(line.split(","))) for line in (HEADER, ALICE)]
    assert read(site, turned[1], header=turned[0]) == read(site, ALICE)


@pytest.mark.parametrize(
    ("old", "new", "column", "problem", "mend"),
    [
        ("p-001", "", "id", "id is missing", "fill it in"),
        ("p-001", "P 1", "id", "is no id", "a-z first"),
        ("Alice", "", "name", "name is missing", "fill it in"),
        ("Alice", "Al\tice", "name", "not printable", "printable characters"),
        ("staff,2", "staf,2", "kind", 'unknown word "staf"', 'did you mean "staff"'),
        (",2,", ",10,", "clearance", '"10" is no number from 0 to 9', "write 0 to 9"),
        (",2,", ",-1,", "clearance", '"-1" is no number', "write 0 to 9"),
        ("staff;it", "staff;itt", "levels", 'unknown access level "itt"', 'did you mean "it"'),
        ("staff;it", "staff;staff", "levels", "stands twice", "remove one"),
        ("H10301", "H10391", "badge_format", 'unknown card format "H10391"', 'did you mean "H10301"'),
        (",42,", ",256,", "facility", '"256" is no number from 0 to 255', "write 0 to 255"),
        (",42,", ",,", "facility", "facility is missing", "fill it in"),
        ("H10301", "H10302", "facility", "H10302 has no facility code", "leave it empty"),
        ("10001", "65536", "number", '"65536" is no number from 1 to 65535', "write 1 to 65535"),
        ("10001", "0", "number", '"0" is no number', "write 1 to 65535"),
        ("10001", "\u0661", "number", "is no number", "write 1 to 65535"),
        ("symmetric", "symetric", "assurance", 'unknown word "symetric"', 'did you mean "symmetric"'),
        ("active", "actve", "status", 'unknown word "actve"', 'did you mean "active"'),
        ("2026-01-01", "2026-02-30", "valid_from", '"2026-02-30" is no date', "YYYY-MM-DD"),
        ("2026-01-01", "1.1.2026", "valid_from", '"1.1.2026" is no date', "YYYY-MM-DD"),
        ("2026-12-31", "2026-12-31T18:00:00", "valid_until", "says no time zone", "end it with Z"),
        ("2026-12-31", "9999-12-31", "valid_until", '"9999-12-31" is no date', "YYYY-MM-DD"),
        ("2026-12-31", "2025-12-31", "valid_until", "ends before it begins", "later than valid_from"),
        ("4711", "47a1", "pin", "is no PIN", "4 to 8 digits"),
        ("4711", "471", "pin", "is no PIN", "4 to 8 digits"),
        (",alice", ",a/../b", "face", "is no name of pictures", "a-z first"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_line_and_column(site, old, new, column, problem, mend):
    assert old in ALICE
    row = ALICE.replace(old, new, 1)
    [error] = refused(site, row)
    place = row.split(",")[: COLUMNS.index(column)]
    assert (error.file, error.line, error.where) == ("people.csv", FIRST_LINE, column)
    assert error.column == sum(len(cell) + 1 for cell in place) + 1
    assert problem in error.problem
    assert mend in error.mend


def test_no_pin_is_repeated_in_an_error(site):
    [error] = refused(site, ALICE.replace("4711", "471x"))
    assert "471" not in f"{error.problem}{error.mend}"


def test_an_id_and_a_badge_belong_to_one_person_and_both_lines_are_named(site):
    first, second = refused(site, ALICE, "# between", ALICE)
    assert (first.line, first.where, first.problem) == (4, "id", "this id stands twice, first on line 2")
    assert (second.line, second.where, second.problem) == (4, "number", "this badge stands twice, first on line 2")


def test_equal_numbers_of_another_facility_are_another_badge(site):
    assert len(read(site, ALICE, ALICE.replace("p-001", "p-002").replace(",42,", ",43,"))) == 2


def test_all_problems_are_told_at_once(site):
    errors = refused(site, ALICE.replace("Alice", ""), ALICE.replace("p-001", "?").replace("10001", "x"), "a,b")
    assert [(error.line, error.where) for error in errors] == [(2, "name"), (3, "id"), (3, "number"), (4, "")]


@pytest.mark.parametrize(
    ("header", "where", "problem", "mend"),
    [
        (HEADER.replace("status", "state"), "state", 'unknown column "state"', 'did you mean "status"'),
        (HEADER.replace("status,", ""), "status", 'missing column "status"', HEADER),
        (HEADER + ",face", "face", "this column stands twice", "remove one"),
    ],
)
def test_a_wrong_header_is_refused(site, header, where, problem, mend):
    errors = refused(site, ALICE, header=header)
    [error] = [error for error in errors if error.where == where]
    assert (error.line, error.problem) == (1, problem)
    assert mend in error.mend


@pytest.mark.parametrize(
    ("row", "problem"),
    [(ALICE + ",", "15 cells, 14 columns"), (ALICE.replace("Alice", '"Alice'), "a quote is not closed")],
)
def test_a_line_of_another_shape_is_refused(site, row, problem):
    [error] = refused(site, row)
    assert (error.line, error.problem) == (FIRST_LINE, problem)
    assert "separate the cells by commas" in error.mend


def test_what_is_no_text_is_refused(site):
    with pytest.raises(SiteErrors, match="2:1: is not UTF-8"):
        parse_people(HEADER.encode() + b"\n\xff", "people.csv", site)


def test_extended_time_is_a_column_that_may_be_left_out(site):
    header = f"{HEADER},extended_time"
    assert [read(site, ALICE)[0].extended_time, read(site, f"{ALICE},", header=header)[0].extended_time] == [False] * 2
    assert read(site, f"{ALICE},yes", header=header)[0].extended_time
    assert not read(site, f"{ALICE},no", header=header)[0].extended_time
    [error] = refused(site, f"{ALICE},often", header=header)
    assert (error.where, error.problem, error.mend) == (
        "extended_time",
        '"often" is neither yes nor no',
        "write yes or no",
    )


def test_a_file_that_is_not_there_is_an_error_like_any_other(site, tmp_path: Path):
    with pytest.raises(SiteErrors, match="cannot be read"):
        load_people(tmp_path / "none.csv", site)


def forced(site, pin, duress, *others):
    """Alice has these two; each of the others has a PIN."""
    alice = ALICE.replace("4711", pin)
    more = [f"p-{n},B,staff,2,,H10302,,{n},pki,active,,,{other},,{other}" for n, other in enumerate(others, 100)]
    lines = [f"{alice},{duress}", *(line.rsplit(",", 1)[0] + "," for line in more)]
    return read(site, *lines, header=f"{HEADER},duress_pin")


@pytest.mark.parametrize("duress", ["9999", "4177", "471199", "7411"])
def test_a_duress_pin_is_two_digits_or_more_from_every_pin(site, duress):
    assert forced(site, "4711", duress)[0].duress_pin == duress


@pytest.mark.parametrize(("duress", "others"), [("4711", ()), ("4719", ()), ("47111", ()), ("8241", ("8242",))])
def test_a_slip_of_the_finger_is_no_duress(site, duress, others):
    with pytest.raises(SiteErrors) as caught:
        forced(site, "4711", duress, *others)
    [error] = caught.value.errors
    assert (error.line, error.where) == (FIRST_LINE, "duress_pin")
    assert "one digit" in error.problem
    assert duress not in str(error)


def test_a_duress_pin_stands_beside_a_pin(site):
    [error] = refused(site, f"{ALICE.replace('4711', '')},9999", header=f"{HEADER},duress_pin")
    assert error.problem == "stands beside no PIN"


def own(site, *pins):
    """Alice, and others after her, have these personal PINs and duress PINs beside them."""
    lines = []
    for number, (pin, duress) in enumerate(pins, 1):
        card = ALICE.replace("p-001", f"p-{number:03}").replace("10001", str(number)).replace("4711", "")
        lines.append(f"{card},{pin},{duress}")
    return read(site, *lines, header=f"{HEADER},personal_pin,personal_duress_pin")


def test_a_personal_pin_has_six_digits_or_more_and_is_nobody_elses(site):
    assert [(row.personal_pin, row.personal_duress_pin) for row in own(site, ("123456", ""), ("654321", "900900"))] == [
        ("123456", None),
        ("654321", "900900"),
    ]
    for wrong, problem in ((("12345", ""), "no personal PIN"), (("123456", "123457"), "one digit")):
        with pytest.raises(SiteErrors, match=problem):
            own(site, wrong)
    with pytest.raises(SiteErrors, match="this PIN stands twice"):
        own(site, ("123456", ""), ("123456", ""))


def trained(site, cell):
    return read(site, f"{ALICE},{cell}", header=f"{HEADER},competencies")


def test_the_column_of_competencies_may_be_left_out_and_says_until_when(site):
    vienna = ZoneInfo("Europe/Vienna")
    assert read(site, ALICE)[0].competencies == trained(site, "")[0].competencies == ()
    [alice] = trained(site, "crypto-custodian:2027-06-30")
    assert alice.competencies == (HeldCompetency("crypto-custodian", datetime(2027, 7, 1, tzinfo=vienna)),)
    assert trained(site, "crypto-custodian")[0].competencies == (HeldCompetency("crypto-custodian", None),)


@pytest.mark.parametrize(
    ("cell", "problem", "mend"),
    [
        ("crypto:2027-06-30", 'unknown competency "crypto"', 'choose one of "crypto-custodian"'),
        ("crypto-custodian:soon", '"soon" is no date', "write YYYY-MM-DD"),
        ("crypto-custodian;crypto-custodian:2027-01-01", "a competency stands twice", "remove one of the two"),
    ],
)
def test_a_competency_that_cannot_be_read_is_refused(site, cell, problem, mend):
    [error] = refused(site, f"{ALICE},{cell}", header=f"{HEADER},competencies")
    assert (error.line, error.column, error.where) == (FIRST_LINE, len(ALICE) + 2, "competencies")
    assert problem in error.problem
    assert mend in error.mend


def test_who_may_escort_and_who_needs_one_are_columns_that_may_be_left_out(site):
    header = f"{HEADER},needs_escort,may_escort"
    (row,) = read(site, f"{ALICE},yes,", header=header)
    assert (row.needs_escort, row.may_escort, row.cardholder.escorted) == (True, False, True)
    (row,) = read(site, f"{ALICE},,yes", header=header)
    assert (row.needs_escort, row.cardholder.may_escort, row.cardholder.escorted) == (False, True, False)
    (error,) = refused(site, f"{ALICE},maybe,", header=header)
    assert "maybe" in str(error)
