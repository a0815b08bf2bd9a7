"""What the API says and takes at the office's screens: reports, the log's proofs, policies, devices."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from api.model import Model, Text
from api.schemas import Name
from api.schemas_operators import SecondIn
from api.schemas_people import ForIn
from controller.domain.alarms import AlarmKind
from controller.domain.site import DeviceKind
from controller.runtime.studies import StudyKind

LARGEST_POLICY = 4 * 1024 * 1024
"""Characters; a site file of 512 doors has a tenth of that."""

Toml = Annotated[str, StringConstraints(max_length=LARGEST_POLICY)]
Digest = Annotated[str, StringConstraints(max_length=64)]
MOST_DAYS = 3660


class ReportKind(StrEnum):
    """What a report is about."""

    ACCESS = "access"
    PASSAGES = "passages"
    ALARMS = "alarms"
    UNUSED = "unused"
    ACTS = "acts"


class ReportFormat(StrEnum):
    """As what it is handed out."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


class ReportIn(ForIn):
    """A report and what it is wanted for. Times default to the last week; ``days`` counts for unused credentials."""

    report: ReportKind
    format: ReportFormat = ReportFormat.JSON
    since: datetime | None = None
    until: datetime | None = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90
    person: Name | None = None
    zone: Name | None = None
    door: Name | None = None
    operator: Name | None = None


class ReportOut(Model):
    """A table: the words of ``columns`` are the console's to translate. ``more``: it was cut at the most rows."""

    report: ReportKind
    made: datetime
    columns: list[str]
    rows: list[list[str]]
    more: bool


class StudyOut(Model):
    """A study: ``share`` of it is done. Once it is over, ``problem`` or what its kind finds is set."""

    id: str
    kind: StudyKind
    share: float
    over: bool
    problem: str | None = None
    compared: ComparedOut | None = None
    proven: list[VerdictOut] | None = None
    trial: TrialOut | None = None


class ComparedOut(Model):
    """What a policy changes, a sentence each; or what is not in order in it, a line each."""

    digest: str | None
    errors: list[str]
    changes: list[str]


class VerdictOut(Model):
    """One sentence of the policy about itself; ``broken`` tells how, a line each; nothing: it holds."""

    id: str
    name: str
    broken: list[str]


class TrialRowOut(Model):
    """So many ``entries`` of so many ``people`` at a door would have gone otherwise, and ``why``."""

    change: str
    door: str
    why: list[str]
    entries: int
    people: int


class TrialOut(Model):
    """The last week's requests under another policy. Nobody is named."""

    decided: int
    rows: list[TrialRowOut]


class PolicyStudyKind(StrEnum):
    """What can be found out about a policy before it is in force."""

    COMPARE = "compare"
    PROVE = "prove"
    WHAT_IF = "what_if"


class PolicyStudyIn(Model):
    """A policy, as its own text."""

    kind: PolicyStudyKind
    toml: Toml


class PolicyVersionOut(Model):
    """A coming into force, by event ``seq``; without operators, the box woke up with it."""

    digest: str
    seq: int
    time: datetime
    operator: str | None
    second: str | None


class PoliciesOut(Model):
    """Every coming into force, the newest first; ``in_force`` is the digest of the policy that counts now."""

    in_force: str
    versions: list[PolicyVersionOut]


class PolicyTextOut(Model):
    """A version's own bytes, as text."""

    digest: str
    toml: str


class ActivateIn(Model):
    """A policy that two bring into force: whoever is signed in, and ``second`` at this console.

    ``in_force`` is the digest it was compared with: another one meanwhile, and nothing is done.
    """

    toml: Toml
    in_force: Digest
    second: SecondIn


class ActivatedOut(Model):
    """It is in force, by event ``seq``."""

    seq: int


class CheckpointOut(Model):
    """The newest checkpoint: a signed note (C2SP tlog-checkpoint) over ``size`` of ``entries``, and the key's bytes."""

    entries: int
    size: int
    note: str
    key: str
    public: str


class ProofOut(Model):
    """An entry's bytes, and what leads from them to the root that the note signs. All bytes are base64."""

    entry: str
    index: int
    size: int
    path: list[str]
    note: str
    key: str
    public: str


class RootOut(Model):
    """The Merkle root (base64) of the log's first ``size`` entries."""

    size: int
    root: str


class DeviceErrorOut(Model):
    """An alarm of a device that stands, in its own words; ``maintenance``: it comes of work there."""

    alarm: str
    kind: AlarmKind
    detail: str
    since: datetime
    persists: bool
    maintenance: bool


class ReplaceIn(Model):
    """Why another reader hangs there."""

    reason: Text


class ReplacedOut(Model):
    """A reader that has proven its new key. ``exposed``: the readers at ``neighbours`` could listen while it was set.

    ``said``: what the wizard did, in sentences.
    """

    device: str
    serial: str
    exposed: bool
    neighbours: list[int]
    said: list[str]


class BrokerOut(Model):
    """The link to the MQTT broker: ``seconds`` that it has been up or down, how often it was lost since the box
    started, why the last time, and how many of its devices say that they are there.
    """

    up: bool
    seconds: float
    losses: int
    why: str
    devices: int
    ready: int


class DeviceHealthOut(Model):
    """A device, where it hangs and what is wrong with it. ``certificate_until``: of the one that counts.

    ``faults`` in a word each, ``errors`` as the alarms tell them.
    """

    id: str
    name: str
    kind: DeviceKind
    wire: str
    serves: list[str]
    online: bool | None
    secure: bool
    faults: list[str]
    errors: list[DeviceErrorOut]
    certificate_until: datetime | None = None
    certificate: str | None = None


class CameraHealthOut(Model):
    """A camera and whether it gives pictures."""

    id: str
    name: str
    online: bool | None


class DevicesOut(Model):
    """All that hangs on the box. ``expiring``: devices whose certificate ends within a month.

    ``broker`` is null where nothing is connected to one.
    """

    devices: list[DeviceHealthOut]
    cameras: list[CameraHealthOut]
    expiring: list[str]
    broker: BrokerOut | None


StudyOut.model_rebuild()
