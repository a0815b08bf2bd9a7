import json
import re
from pathlib import Path

from api.openapi import document

COMMITTED = Path(__file__).parents[2] / "console" / "openapi.json"


def test_the_committed_document_is_current():
    assert COMMITTED.read_text() == document(), "run: python -m api.openapi > console/openapi.json"


def test_every_reference_resolves():
    spec = json.loads(document())
    named = set(re.findall(r"#/components/schemas/(\w+)", document()))
    assert named <= set(spec["components"]["schemas"])


def test_every_answer_may_be_a_problem():
    for path in json.loads(document())["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
