"""Actions on accounts over HTTP while sockets are open."""

import requests

from tests.service.account import Account

UPDATED = "hexaccount.profile.updated.v1"


def registered(url: str, name: str) -> Account:
    account = Account(url, name)
    assert account.register().status_code == 201
    return account


def change_bio(account: Account, headers: dict[str, str], bio: str) -> None:
    path = f"{account.url}/api/v1/me/profile"
    assert requests.patch(path, json={"bio": bio}, headers=headers, timeout=20).status_code == 200


def log_out(account: Account, headers: dict[str, str]) -> None:
    response = requests.post(f"{account.url}/api/v1/public/logout", headers=headers, timeout=20)
    assert response.status_code == 204


def end_all_sessions(account: Account) -> None:
    headers = account.log_in()
    assert requests.delete(f"{account.url}/api/v1/me/sessions", headers=headers, timeout=20).status_code == 204
    log_out(account, headers)
