import pytest

from tests.postgresql import cluster


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server of the tests' own."""
    with cluster() as server:
        yield server
