"""What a client may go on with after an answer, by the operation and the status of that."""

from collections.abc import Mapping
from typing import Any

LINKS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("register", "201"): {
        "log_in": {
            "operationId": "log_in",
            "description": "Who has registered logs in with the same name and password.",
            "requestBody": {"user_name": "$request.body#/user_name", "password": "$request.body#/password"},
        },
        "get_user": {
            "operationId": "get_user",
            "description": "An admin sees the new account.",
            "parameters": {"user_id": "$response.body#/data/id"},
        },
    },
    ("log_in", "200"): {
        "refresh": {
            "operationId": "refresh",
            "description": "The session goes on with its refresh token.",
            "requestBody": {"refresh": "$response.body#/data/refresh"},
        },
    },
    ("refresh", "200"): {
        "refresh": {
            "operationId": "refresh",
            "description": "The next refresh token takes the place of the one before.",
            "requestBody": {"refresh": "$response.body#/data/refresh"},
        },
    },
    ("get_me", "200"): {
        "get_avatar": {
            "operationId": "get_avatar",
            "description": "The picture of the account.",
            "parameters": {"identifier": "$response.body#/data/avatar_identifier"},
        },
    },
}
