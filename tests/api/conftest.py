import pytest

from tests.api.fakes import FakeFacade


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def facade() -> FakeFacade:
    return FakeFacade()
