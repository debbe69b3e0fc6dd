"""Who is compared: our service, as shipped and without what the peers do not have, and four peers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from benchmarks.operations import Api, Operation, get, post
from benchmarks.peers.contestant import Contestant, Refusals
from benchmarks.servers import Servers
from benchmarks.services import HEXACCOUNT, KEY, PASSWORD, console, environment, inherited_environment

BARE = "hexaccount"
SHIPPED = "hexaccount as shipped"
FLASK = "Flask-JWT-Extended"
FASTAPI = "fastapi-users"
BETTER_AUTH = "better-auth"
EXPRESS = "Express"
_SETTINGS = {
    BARE: {"LIMITS__ENABLED": "false", "METRICS__ENABLED": "false", "LOG__LEVEL": "error"},
    SHIPPED: {"LOG__LEVEL": "info"},
}
_EMAIL = "{name}@example.org"
_HAND_WRITTEN = Api(
    register=post("/register", status=201, user_name="{name}", email=_EMAIL, password=PASSWORD),
    log_in=post("/login", user_name="{name}", password=PASSWORD),
    me=get("/me"),
    access=("access",),
)
_FORM = f"username={{name}}%40example.org&password={PASSWORD.replace(' ', '+')}"


@dataclass(frozen=True)
class _Peer:
    api: Api
    program: str
    server: str
    """Its command line, in the folder of the programs."""
    refusals: Refusals = field(default_factory=Refusals)


_PEERS = {
    FLASK: _Peer(
        replace(_HAND_WRITTEN, refresh=Operation("POST", "/refresh"), refresh_token=("refresh",)),
        "venv/bin/python flask_jwt_extended_program.py",
        "venv/bin/python -m gunicorn --worker-class gthread --workers 2 --threads 16 --keep-alive 5"
        " --log-level warning --bind 127.0.0.1:{port} flask_jwt_extended_program:app",
    ),
    FASTAPI: _Peer(
        Api(
            register=post("/auth/register", status=201, email=_EMAIL, password=PASSWORD),
            log_in=Operation("POST", "/auth/login", _FORM, content_type="application/x-www-form-urlencoded"),
            me=get("/users/me"),
            access=("access_token",),
        ),
        "venv/bin/python fastapi_users_program.py",
        "venv/bin/python -m uvicorn --workers 2 --no-access-log --log-level warning --port {port}"
        " fastapi_users_program:app",
        Refusals(wrong_password=400, name_taken=400),
    ),
    BETTER_AUTH: _Peer(
        Api(
            register=post("/api/auth/sign-up/email", name="{name}", email=_EMAIL, password=PASSWORD),
            log_in=post("/api/auth/sign-in/email", email=_EMAIL, password=PASSWORD),
            me=get("/api/auth/get-session"),
            access=("token",),
        ),
        "node better_auth_program.mjs",
        "node better_auth_program.mjs",
        # It hides whether an address is taken, and that there is no session.
        Refusals(name_taken=200, without_token=200),
    ),
    EXPRESS: _Peer(_HAND_WRITTEN, "node express_program.mjs", "node express_program.mjs"),
}


def contestants(servers: Servers, folder: Path, log: IO[bytes]) -> list[Contestant]:
    """Return all, each on an empty database; the peers' programs are in `folder`, ours as shipped logs to `log`."""
    ours = [_ours(name, servers.empty_database("postgresql"), log) for name in _SETTINGS]
    return [*ours, *(_peer(name, servers.empty_database("postgresql"), folder) for name in _PEERS)]


def _ours(name: str, database: str, log: IO[bytes]) -> Contestant:
    return Contestant(
        name,
        HEXACCOUNT,
        console("http", "--port", "{port}", "--workers", "2"),
        console("migrate"),
        lambda cost, _port: environment(database, cost, **_SETTINGS[name]),
        grant_admin=console("users", "grant", "{name}", "admin"),
        log=log,
    )


def _peer(name: str, database: str, folder: Path) -> Contestant:
    peer = _PEERS[name]

    def variables(cost: int, port: int) -> dict[str, str]:
        own = {"DATABASE": database, "COST": str(cost), "KEY": KEY, "PORT": str(port)}
        return {**inherited_environment(), "NODE_ENV": "production"} | {f"PEER_{key}": own[key] for key in own}

    return Contestant(
        name, peer.api, peer.server.split(), [*peer.program.split(), "migrate"], variables, peer.refusals, folder
    )
