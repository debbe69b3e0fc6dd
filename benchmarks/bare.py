"""A minimal Flask service: the limit against which `GET /api/v1/me` is measured."""

import os

import flask
import jwt
import sqlalchemy as sa

from benchmarks.services import KEY
from hexaccount_sql.connections import open_engine

app = flask.Flask("bare")
engine = open_engine(os.environ["BENCHMARK_DATABASE"])
select = sa.text("SELECT s.id, u.id, u.name, u.email FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id")


@app.get("/json")
def as_json() -> dict[str, str]:
    return {"status": "up"}


@app.get("/me")
def me() -> dict[str, str]:
    token = flask.request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="hexaccount", issuer="hexaccount")
    with engine.connect() as connection:
        row = connection.execute(select, {"id": claims["sid"]}).one()
    return {"id": str(row[1]), "user_name": row[2], "email": row[3]}
