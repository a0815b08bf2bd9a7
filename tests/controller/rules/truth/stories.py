"""Short stories, each told to its end: what no single alarm or event brings to light."""

from __future__ import annotations

from collections.abc import Mapping

from tests.controller.rules.truth.acts import Script
from tests.controller.rules.truth.stories_causes import CAUSES
from tests.controller.rules.truth.stories_company import COMPANY
from tests.controller.rules.truth.stories_devices import DEVICES
from tests.controller.rules.truth.stories_doors import DOORS
from tests.controller.rules.truth.stories_guard import GUARDED
from tests.controller.rules.truth.stories_locks import LOCKS
from tests.controller.rules.truth.stories_people import PEOPLES
from tests.controller.rules.truth.stories_policy import POLICY

STORIES: Mapping[str, Script] = {**DOORS, **LOCKS, **DEVICES, **PEOPLES, **COMPANY, **GUARDED, **CAUSES, **POLICY}
