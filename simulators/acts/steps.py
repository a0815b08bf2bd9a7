"""The steps of the scenario *morning*, in the words of whoever watches, and who comes which way."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """The steps. Those of one place follow each other; the places live side by side."""

    ARRIVE = "Staff arrive at the gates and walk to their desks; a guard looks under every car"
    TAILGATE = "Two colleagues badge and pass through one opening of the main entrance"
    PERSONAL_PIN = "Somebody forgot the badge and types a personal PIN at the main entrance"
    SLIP_IN = "Somebody slips in through the turnstile as a colleague leaves"
    UNKNOWN = "A card that nobody knows is shown at the main gate"
    BADGES = "An expired badge, a lost badge, and one without the right"
    FORCE = "The fire exit is forced open, and the guard deals with it"
    KEY = "The caretaker opens the fire exit with the mechanical key"
    TAMPER = "A reader is pulled off the wall in the parking"
    FIRST_IN = "The consular entrance unlocks by schedule, once somebody of the house is in"
    UNPLUG = "A reader's cable is pulled at the consular entrance"
    VISITOR = "A visitor is registered, approved by the host, signed in, and escorted into the lobby"
    PROP = "The door to the consular hall is wedged open"
    LOOK = "A guard looks at whoever wants into the guard post: one may, one may not"
    EXTENDED = "Somebody who needs longer takes longer to open a door"
    UNUSED = "Somebody is let in at the guard post and walks away"
    BEHIND = "Two go through the guard post's door on one badge, and the camera at the gate counts them"
    EXIT = "People leave by the inner handle"
    PANIC = "A guard calls for help; somebody presses the silent button under the counter"
    LINES = "The mains fail, and the line to the fire panel is cut"
    TWO = "Two people enter the communications room, and one is left alone there"
    PIN = "A wrong PIN and a right one at the registry"
    DURESS = "Somebody is forced to open the registry, and types the duress PIN"
    INTERLOCK = "While the communications room stands open, the registry stays shut"
    INTRUSION = "The registry is armed, and somebody moves in it"
    FACE_ALONE = "A face without a badge at the server room"
    NOBODY_FIRST = "A contractor at the server room, before one of the house is in"
    WRONG_FACE = "A badge with somebody else's face at the server room"
    PHOTO = "A badge with a photo of its holder's face at the server room"
    RIGHT_FACE = "A badge with its holder's face at the server room, who does as the reader asks; then a contractor"
    BLIND = "Cameras are cut, frozen, covered and turned aside, and come back"
    TURN = "The guard has a camera look elsewhere, and it goes home again"
    WATCHED = "The parking is armed, and somebody walks between the cars"
    FILM = "The film of it is looked at, and handed out as evidence by two"
    THREAT = "The threat level rises, and falls again"
    HOLD = "A supervisor keeps the parking entrance unlocked for the movers"
    LOCKDOWN = "The guard begins a lockdown while a car stands under the barrier"
    FIRE = "Fire, in the lockdown: the ways out are released until the panel is reset and a guard says so"
    END = "It takes two to end the lockdown"


ROUTES = {
    "p-004": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-029": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-006": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-008": ("vehicle-gate-in", "parking-in", "chancery-in"),
    "p-009": ("vehicle-gate-in", "parking-in", "chancery-in"),
}
"""Who comes which way: on foot, or by car."""
