"""A small building whose every fact is kept as a record, from the first on."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain import stimuli as st
from controller.domain.events import Recorded
from controller.domain.operators import Operator
from tests.controller.builders import FACES, OPERATORS, PEOPLE, House, badge, everything_answers, started


@dataclass
class Chronicle(House):
    records: list[Recorded] = field(default_factory=list)

    def _step(self, stimulus):
        outcome = super()._step(stimulus)
        for seq, event in enumerate(outcome.events, len(self.records) + 1):
            self.records.append(Recorded(seq, self.now, "boot-1", self.site.digest, event))
        return outcome


def ordinary_monday():
    """Return an ordinary Monday morning: people known, everything online, every door closed and locked."""
    house = Chronicle()
    house.see(started(house.site))
    for person in PEOPLE.values():
        house.see(st.PersonEnrolled("test", person, "sealed"))
        house.see(st.BadgeEnrolled("test", badge(person.id)))
    for who in FACES:
        house.see(st.FaceEnrolled("test", who, "dlib", "mean", "sealed"))
    for operator, role in OPERATORS.items():
        house.see(st.OperatorEnrolled("test", Operator(operator, role)))
    everything_answers(house)
    return house
