"""The application: routes, what guards them, and the console's files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from api import problems
from api.routes import (
    account,
    audit,
    building,
    devices,
    enrolment,
    evacuation,
    events,
    evidence,
    faces,
    films,
    heads,
    machines,
    operators,
    orders,
    people,
    policy,
    programs,
    reports,
    session,
    streams,
    studies,
    visits,
)
from api.security import Api
from api.shield import Shield
from controller.runtime.facade import Facade

PARTS = (
    *(account, audit, building, devices, enrolment, evacuation, events, evidence, faces, films, heads),
    *(machines, operators, orders, people, policy, programs, reports, session, streams, studies, visits),
)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
NOT_BUILT = """<!doctype html><html lang="en"><title>Ostiary</title><h1>The console is not built</h1>
<p>The controller runs, and its API answers under <code>/api</code>. The guards' console is made when Ostiary is
installed: run <code>make setup</code> (or <code>pip install .</code>) and start again.</p></html>
"""


def create_app(
    facade: Facade,
    *,
    static: Path | None,
    hosts: Callable[[], Collection[str]] = lambda: LOOPBACK,
    wall: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the API of a building, with the console's files from ``static`` (None: not built).

    ``hosts`` returns the names, without ports, under which browsers may reach it now; ``wall`` is the time of day it
    shows.
    """
    app = routed()
    app.state.api = Api(facade, wall)
    app.add_middleware(Shield, hosts=hosts, took=app.state.api.requests.took)
    if static is not None:
        app.mount("/", StaticFiles(directory=static, html=True), name="console")
    else:
        app.add_api_route("/", _not_built, include_in_schema=False, response_class=HTMLResponse)
    return app


def routed() -> FastAPI:
    """Return the routes alone, which is all that the OpenAPI document needs."""
    app = FastAPI(title="Ostiary", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    for part in PARTS:
        app.include_router(part.router, prefix="/api")
    app.include_router(machines.metrics_router)
    return app


def built_console() -> Path | None:
    """Return where the installed package has its console, or None if it was not built."""
    static = Path(__file__).parent / "static"
    return static if (static / "index.html").is_file() else None


async def _not_built() -> HTMLResponse:
    return HTMLResponse(NOT_BUILT, 503)
