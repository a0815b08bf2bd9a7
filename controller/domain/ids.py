"""Ids have types, so that a door is never asked for by a reader's name."""

from __future__ import annotations

from typing import NewType

ZoneId = NewType("ZoneId", str)
DoorId = NewType("DoorId", str)
ReaderId = NewType("ReaderId", str)
CameraId = NewType("CameraId", str)
LineId = NewType("LineId", str)
BusId = NewType("BusId", str)
DeviceId = NewType("DeviceId", str)
CompetencyId = NewType("CompetencyId", str)
InterlockId = NewType("InterlockId", str)
PointId = NewType("PointId", str)
OutputId = NewType("OutputId", str)
AreaId = NewType("AreaId", str)
CauseId = NewType("CauseId", str)
InvariantId = NewType("InvariantId", str)
FireZoneId = NewType("FireZoneId", str)
ScheduleId = NewType("ScheduleId", str)
AccessLevelId = NewType("AccessLevelId", str)
CardholderId = NewType("CardholderId", str)
CredentialId = NewType("CredentialId", str)
OperatorId = NewType("OperatorId", str)
RequestId = NewType("RequestId", str)
"""One passage asked for: the badge, its challenge, its grant and its use all carry it."""
AlarmId = NewType("AlarmId", str)
SafePointId = NewType("SafePointId", str)

OUTSIDE = ZoneId("outside")
