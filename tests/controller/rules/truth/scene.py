"""One person at one door, and whatever may be special about either: what the building answers, as one line.

``outside -- FRONT --> lobby``: ALICE badges in at FRONT_IN on a Monday at ten, and shows whatever she is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import FaceOutcome, Trace
from controller.domain.doors import LockMode
from controller.domain.effects import (
    AskFace,
    Effect,
    FireRelease,
    Hold,
    HoldUnlocked,
    Release,
    Relock,
    SetOutput,
    Signal,
    StopFace,
    Unlock,
)
from controller.domain.ids import CameraId, CardholderId, RequestId
from controller.domain.operators import ConfirmPassage, Order
from controller.domain.site import Camera, Factor, Site
from controller.domain.words import word_for
from controller.rules.mode import effective_mode
from controller.rules.turn import Outcome
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    GIL,
    OUTSIDE,
    House,
    badge_of,
    order,
    pin,
    quiet_house,
    small_site,
    swipe,
)

FRONT_CAMERA = CameraId("cam-front")
MOST_STEPS = 8
OTHERS_BADGE = frozenset({Factor.SECOND_PERSON, Factor.ESCORT})


@dataclass(frozen=True, slots=True)
class Hand:
    """What ALICE shows when asked, who is beside her and shows all that is right, and what those who look say."""

    card: st.CardPresented = field(default_factory=lambda: swipe(FRONT_IN, ALICE))
    pin: st.PinEntered | None = field(default_factory=lambda: pin(FRONT_IN, ALICE))
    face: FaceOutcome | None = FaceOutcome.MATCHED
    guard: Callable[[RequestId], Order] | None = ConfirmPassage
    beside: CardholderId | None = BOB


def _same(site: Site) -> Site:
    return site


def _nothing(house: House) -> None:
    return None


def _as_is(hand: Hand) -> Hand:
    return hand


@dataclass(frozen=True, slots=True)
class Twist:
    """One thing that is special. Two twists about the same matter exclude each other.

    ``relaxes``: it gives a right, so that beside it less may be refused.
    """

    name: str
    matter: str
    site: Callable[[Site], Site] = _same
    before: Callable[[House], None] = _nothing
    hand: Callable[[Hand], Hand] = _as_is
    relaxes: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the building said, in the end, and what the lock does without being asked."""

    mode: LockMode
    asked: tuple[Factor, ...]
    verdict: str
    effects: tuple[str, ...]
    alarms: tuple[AlarmKind, ...]
    trace: Trace

    def line(self) -> str:
        """Return it as one row: verdict and reasons; what was asked for; lock and light; lock mode; alarms."""
        asked = "+".join(self.asked) or "-"
        effects, alarms = ", ".join(self.effects) or "-", ", ".join(self.alarms) or "-"
        return f"{self.verdict:<62} | {asked:<9} | {effects:<34} | {self.mode:<12} | {alarms}"


def play(*twists: Twist) -> Answer:
    """Build the building the twists describe, let happen what they say happened before, and send ALICE to the door."""
    site, hand = _with_camera(small_site()), Hand()
    for twist in twists:
        site, hand = twist.site(site), twist.hand(hand)
    house = quiet_house(site)
    for twist in twists:
        twist.before(house)
    known = frozenset(house.state.alarms)
    outcomes, asked = show(house, hand)
    raised = [alarm for alarm in house.state.alarms.values() if alarm.id not in known]
    kinds = tuple(sorted(alarm.kind for alarm in raised))
    verdict, trace, outcome = _verdict(outcomes)
    mode = effective_mode(house.site, house.state, FRONT, house.now)
    return Answer(mode, tuple(asked), verdict, tuple(_effect(e) for e in outcome.effects), kinds, trace)


def show(house: House, hand: Hand) -> tuple[list[Outcome], list[Factor]]:
    """Present the card, and then whatever is asked for; return what came of it, and everything that was asked."""
    outcomes, asked = [house.see(hand.card)], list[Factor]()
    while (wanted := _wanted(house)) and len(outcomes) < MOST_STEPS:
        asked += [factor for factor in wanted if factor not in asked]
        outcomes.append(_shown(house, hand, wanted))
    return outcomes, asked


def _with_camera(site: Site) -> Site:
    """A camera looks at whoever stands before the front door."""
    camera = Camera(FRONT_CAMERA, "Front", OUTSIDE, "rtsp://camera/3", "entry", 3, (5.0, 6.0))
    reader = replace(site.readers[FRONT_IN], camera=FRONT_CAMERA)
    return replace(site, cameras={**site.cameras, FRONT_CAMERA: camera}, readers={**site.readers, FRONT_IN: reader})


def _wanted(house: House) -> tuple[Factor, ...]:
    challenge = house.state.challenges.get(FRONT_IN)
    return tuple(sorted(challenge.wanted)) if challenge else ()


def _shown(house: House, hand: Hand, wanted: tuple[Factor, ...]) -> Outcome:
    """Show one of what is wanted; the deadline comes where nothing can be shown."""
    challenge = house.state.challenges[FRONT_IN]
    request, hers = challenge.request, challenge.cardholder == ALICE
    typed = hand.pin if hers else pin(FRONT_IN, challenge.cardholder)
    face = hand.face if hers else FaceOutcome.MATCHED
    if Factor.PIN in wanted and typed is not None:
        return house.see(typed, after=1.0)
    if Factor.FACE in wanted and face is not None:
        return house.face(face, camera=FRONT_CAMERA, request=request)
    if not OTHERS_BADGE.isdisjoint(wanted) and hand.beside is not None:
        return house.see(swipe(FRONT_IN, hand.beside), after=1.0)
    if Factor.GUARD in wanted and hand.guard is not None:
        return house.see(order(GIL, hand.guard(request)), after=1.0)
    return house.see_late(st.TimePassed(), after=house.site.readers[FRONT_IN].challenge_seconds * 2)


def _verdict(outcomes: list[Outcome]) -> tuple[str, Trace, Outcome]:
    """Return the last word on whoever holds ALICE's badge, or on a badge nobody knows, and what came with it."""
    for outcome in reversed(outcomes):
        for event in outcome.events:
            match event:
                case ev.AccessGranted(credential=badge) if badge == badge_of(ALICE):
                    remarks = f" (remark: {', '.join(event.remarks)})" if event.remarks else ""
                    return f"grant{remarks}", event.trace, outcome
                case ev.AccessDenied(credential=badge) if badge in (badge_of(ALICE), None):
                    return f"deny: {', '.join(event.reasons)}", event.trace, outcome
                case _:
                    continue
    raise AssertionError("nobody answered")


def _effect(effect: Effect) -> str:
    match effect:
        case Unlock():
            return f"unlock {effect.door} {effect.seconds:g} s"
        case Release() | Relock() | Hold() | HoldUnlocked() | FireRelease():
            return f"{word_for(type(effect)).replace('_', ' ')} {effect.door}"
        case Signal():
            return f"{effect.light} light"
        case AskFace() | StopFace():
            return "look for the face" if isinstance(effect, AskFace) else "look no more"
        case SetOutput():
            return f"{effect.output} {'on' if effect.on else 'off'}"
    assert_never(effect)
