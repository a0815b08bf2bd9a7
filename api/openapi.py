"""Prints the OpenAPI document the console's types come from: ``python -m api.openapi > console/openapi.json``."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from api.app import routed
from api.schemas import BeatOut, EventOut, HelloOut, LiveIn, ProblemOut, ResyncOut, SignedOutOut, ViewOut

SCHEMAS = "#/components/schemas/"
STREAMED = (HelloOut, ViewOut, EventOut, BeatOut, ResyncOut, SignedOutOut)


def document() -> str:
    """Return the document as JSON, the same bytes for the same models."""
    spec = routed().openapi()
    schemas: dict[str, Any] = spec["components"]["schemas"]
    for models, mode in (((*STREAMED, ProblemOut), "serialization"), ((LiveIn,), "validation")):
        wanted = [(model, mode) for model in models]
        _, extra = models_json_schema(wanted, ref_template=SCHEMAS + "{model}")  # type: ignore[arg-type]
        schemas.update(extra["$defs"])
    schemas["StreamMessage"] = {"anyOf": [{"$ref": SCHEMAS + model.__name__} for model in STREAMED]}
    for path in spec["paths"].values():
        for operation in path.values():
            _answer_with_problems(operation["responses"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _answer_with_problems(responses: dict[str, Any]) -> None:
    """Name what every error looks like."""
    responses.pop("422", None)
    problem = {"application/problem+json": {"schema": {"$ref": SCHEMAS + "ProblemOut"}}}
    responses["default"] = {"description": "An error", "content": problem}


if __name__ == "__main__":
    sys.stdout.write(document())
