"""Every rate-limit policy, by its name."""

from hexaccount.bootstrap.capabilities import all_capabilities
from hexaccount.kernel.rate_limit import RateLimitPolicy
from hexaccount_flask.avatars import AVATAR
from hexaccount_flask.documents import DOCUMENTS
from hexaccount_flask.signing_keys import KEYS
from hexaccount_socketio.connection_pool import SOCKETS

POLICIES: dict[str, RateLimitPolicy] = {
    policy.name: policy
    for policy in (
        *(policy for capability in all_capabilities() for policy in capability.rate_limits),
        AVATAR,
        DOCUMENTS,
        KEYS,
        SOCKETS,
    )
}
