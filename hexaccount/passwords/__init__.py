"""Passwords: their policy, their hashes, and logging in with them."""

from hexaccount.kernel.capability import Capability
from hexaccount.kernel.metrics import metric_definitions
from hexaccount.passwords import (
    change_password,
    log_in,
    login_throttle,
    metrics,
    set_password,
)

capability = Capability(
    name="passwords",
    handlers={
        change_password.ChangePassword: change_password.change_password,
        log_in.LogIn: log_in.log_in,
        set_password.SetPassword: set_password.set_password,
    },
    rate_limits=(
        login_throttle.LOGIN,
        login_throttle.LOGIN_NAME,
        login_throttle.LOGIN_ACCOUNT,
        login_throttle.LOGIN_ADDRESS,
        login_throttle.LOGIN_DEVICE,
        login_throttle.LOGINS_OF_ACCOUNT,
        login_throttle.LOGINS_OF_ADDRESS,
        login_throttle.LOGINS_OF_DEVICE,
        login_throttle.PASSWORD,
    ),
    metrics=metric_definitions(metrics),
)
