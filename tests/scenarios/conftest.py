"""What all scenarios share: they run on asyncio."""

import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"
