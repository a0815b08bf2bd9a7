"""What every value of the API is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

TEXT_LENGTH = 500

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_LENGTH)]


class Model(BaseModel):
    """A value of the API: frozen, and nothing in it that is not named here."""

    model_config = ConfigDict(frozen=True, extra="forbid")
