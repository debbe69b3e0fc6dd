"""Flask with Flask-JWT-Extended, Flask-SQLAlchemy, psycopg and bcrypt; `migrate` as argument creates the tables."""

import os
import sys

import bcrypt
from flask import Flask, Response, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, current_user, jwt_required
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

COST = int(os.environ["PEER_COST"])

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["PEER_KEY"]
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["PEER_DATABASE"].replace("postgresql:", "postgresql+psycopg:")
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 16}
db = SQLAlchemy(app)
jwt = JWTManager(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    user_name = db.Column(db.Text, unique=True, nullable=False)
    email = db.Column(db.Text, unique=True, nullable=False)
    password_hash = db.Column(db.LargeBinary, nullable=False)


@jwt.user_identity_loader
def identity_of(user: User) -> str:
    return str(user.id)


@jwt.user_lookup_loader
def user_of(_header: dict[str, object], payload: dict[str, str]) -> User | None:
    return db.session.get(User, int(payload["sub"]))


@app.post("/register")
def register() -> tuple[Response, int]:
    body = request.get_json()
    hashed = bcrypt.hashpw(body["password"].encode(), bcrypt.gensalt(COST))
    user = User(user_name=body["user_name"], email=body["email"], password_hash=hashed)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return jsonify(message="The name or the e-mail address is taken."), 409
    return jsonify(id=user.id, user_name=user.user_name, email=user.email), 201


@app.post("/login")
def log_in() -> tuple[Response, int]:
    body = request.get_json()
    user = db.session.scalar(select(User).where(User.user_name == body["user_name"]))
    # No transaction, and so no connection, is held while the password is hashed.
    db.session.rollback()
    if user is None or not bcrypt.checkpw(body["password"].encode(), user.password_hash):
        return jsonify(message="Name or password is wrong."), 401
    return jsonify(access=create_access_token(user), refresh=create_refresh_token(user)), 200


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh() -> Response:
    return jsonify(access=create_access_token(current_user))


@app.get("/me")
@jwt_required()
def me() -> Response:
    return jsonify(id=current_user.id, user_name=current_user.user_name, email=current_user.email)


if __name__ == "__main__" and sys.argv[1:] == ["migrate"]:
    with app.app_context():
        db.create_all()
