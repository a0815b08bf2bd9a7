"""Laws of what is shown at a reader, over random days in a house that asks for everything there is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as given_by

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import AccessRequest, FaceOutcome, Grant
from controller.domain.ids import ReaderId, RequestId
from controller.domain.operators import ConfirmPassage, Order, RefusePassage
from controller.domain.site import Factor, FactorsOutside, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_CAMERA,
    CELLAR_IN,
    CHANCERY,
    FRONT_IN,
    GIL,
    INNER_IN,
    LOBBY,
    NIGHT,
    PEOPLE,
    House,
    badge_of,
    duress_pin,
    nobodys_pin,
    of_kind,
    order,
    own_pin,
    personal,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_reader,
    with_zone,
    wrong_pin,
)

READERS = (FRONT_IN, INNER_IN, CELLAR_IN)
WHO = (ALICE, BOB)
law = settings(max_examples=60, derandomize=True, database=None)


def everything_asked() -> Site:
    """PIN alone or a card, and searches, into the lobby; PIN and a guard further in; a face into the vault."""
    site = with_zone(small_site(), LOBBY, card_or_pin=True, random_search_percent=50.0)
    site = with_zone(site, CHANCERY, factors_outside=FactorsOutside(NIGHT, frozenset({Factor.GUARD})))
    return with_reader(site, CELLAR_IN, keypad=True)


readers = given_by.sampled_from(READERS)
people = given_by.sampled_from(WHO)
requests = given_by.integers(1, 12).map(lambda number: RequestId(f"r{number}"))
faces = given_by.builds(
    lambda request, outcome: ("face", request, outcome),
    requests,
    given_by.sampled_from([FaceOutcome.MATCHED, *FaceOutcome]),
)
judged: given_by.SearchStrategy[Order] = given_by.one_of(
    given_by.builds(ConfirmPassage, requests), given_by.builds(RefusePassage, requests, given_by.just("x"))
)
cards = given_by.builds(
    lambda reader, who, draw: replace(swipe(reader, who), draw=draw), readers, people, given_by.integers(0, 9_999)
)
typed = given_by.one_of(
    given_by.builds(pin, readers, people),
    given_by.builds(wrong_pin, readers),
    given_by.builds(own_pin, readers, people),
    given_by.builds(nobodys_pin, readers),
)
acts = given_by.tuples(
    given_by.one_of(cards, cards, typed, typed, faces, given_by.builds(order, given_by.just(GIL), judged)),
    given_by.sampled_from([0.0, 0.1, 1.0, 5.0, 11.0]),
)
days = given_by.lists(acts, min_size=3, max_size=25)


def lived(script: list[tuple[object, float]], site: Site | None = None) -> House:
    house = quiet_house(site or everything_asked())
    for who in WHO:
        house.see(personal(who))
    house.events.clear()
    house.effects.clear()
    for what, after in script:
        if isinstance(what, tuple):
            _, request, outcome = what
            what = st.FaceSeen(request, CELLAR_CAMERA, outcome, 0.4, 5, house.now.mono + after)
        house.see(what, after=after)  # type: ignore[arg-type]
    return house


@law
@given(days)
def test_nothing_is_granted_on_a_face_or_a_guards_look_alone(script: list[tuple[object, float]]) -> None:
    for event in of_kind(ev.AccessGranted, lived(script).events):
        assert {Factor.CARD, Factor.PIN} & set(event.presented)
        if event.reader != FRONT_IN:
            assert Factor.CARD in event.presented


@law
@given(days)
def test_whoever_was_drawn_for_a_search_enters_there_only_by_a_guards_word(script: list[tuple[object, float]]) -> None:
    house = lived(script)
    drawn = set()
    for event in house.events:
        match event:
            case ev.ChallengeIssued(search=True):
                drawn.add(event.cardholder)
            case ev.AccessGranted(reader=reader) if reader == FRONT_IN and event.cardholder in drawn:
                assert Factor.GUARD in event.presented
                drawn.discard(event.cardholder)
            case ev.AccessGranted() if Factor.GUARD in event.presented:
                drawn.discard(event.cardholder)
            case _:
                pass


@law
@given(days, given_by.data())
def test_under_duress_every_door_does_as_always(script: list[tuple[object, float]], draws: given_by.DataObject) -> None:
    """Each right PIN of a day is typed once as it is, and once as the one for when somebody is forced."""
    forced = [(in_duress(what) if draws.draw(given_by.booleans()) else what, after) for what, after in script]
    usual, other = lived(script), lived(forced)
    assert other.effects == usual.effects
    assert shown_at_the_post(other) == shown_at_the_post(usual)
    assert usual.alarms(AlarmKind.DURESS) == []


def in_duress(what: object) -> object:
    if isinstance(what, st.PinEntered):
        for who in WHO:
            if what == pin(what.reader, who):
                return duress_pin(what.reader, who)
            if what == own_pin(what.reader, who):
                return own_pin(what.reader, who, forced=True)
    return what


def shown_at_the_post(house: House) -> list[object]:
    shown = (event for event in house.events if not getattr(event, "silent", False))
    return [
        replace(event, asked=None)
        if hasattr(event, "asked")  # type: ignore[type-var]
        else replace(event, alarm="")
        if isinstance(event, ev.AlarmRaised)
        else event
        for event in shown
    ]


TIGHTER = (
    lambda site, zone: with_zone(site, zone, factors=site.zones[zone].factors | {Factor.GUARD}),
    lambda site, zone: with_zone(site, zone, factors=site.zones[zone].factors | {Factor.PIN}),
    lambda site, zone: with_zone(site, zone, factors_outside=FactorsOutside(NIGHT, frozenset({Factor.PIN}))),
    lambda site, zone: with_zone(site, zone, random_search_percent=100.0),
    lambda site, zone: with_zone(site, zone, card_or_pin=False),
)


@law
@given(days, given_by.sampled_from(TIGHTER), given_by.sampled_from([LOBBY, CHANCERY]))
def test_asking_for_more_never_opens_a_door(script: list[tuple[object, float]], tighten: object, zone: object) -> None:
    house = lived(script)
    asked = [
        AccessRequest(RequestId("r999"), ReaderId(reader), credential, frozenset(factors), draw=draw)
        for reader in READERS
        for who in PEOPLE
        for credential in (badge_of(who), personal(who).credential.id)
        for factors in ({Factor.CARD}, {Factor.PIN}, {Factor.CARD, Factor.PIN}, {Factor.FACE}, set(Factor))
        for draw in (None, 0, 9_999)
    ]
    before = [house.decide(request) for request in asked]
    house.site = tighten(house.site, zone)  # type: ignore[operator]
    for request, was in zip(asked, before, strict=True):
        if not isinstance(was, Grant):
            assert not isinstance(house.decide(request), Grant)
