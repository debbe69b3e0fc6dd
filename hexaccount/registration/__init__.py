"""Registration: opening an account."""

from hexaccount.kernel.capability import Capability
from hexaccount.registration import (
    register_user,
)

capability = Capability(
    name="registration",
    handlers={
        register_user.RegisterUser: register_user.register_user,
    },
    rate_limits=(register_user.REGISTER,),
)
