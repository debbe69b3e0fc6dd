"""Sessions: logins on devices, their tokens, and their ends."""

from hexaccount.kernel.capability import Capability
from hexaccount.kernel.metrics import metric_definitions
from hexaccount.sessions import (
    authenticate,
    end_all_sessions,
    end_session,
    end_sessions,
    list_sessions,
    log_out,
    metrics,
    refresh_session,
    sessions,
)

capability = Capability(
    name="sessions",
    handlers={
        authenticate.Authenticate: authenticate.authenticate,
        end_all_sessions.EndAllSessions: end_all_sessions.end_all_sessions,
        end_session.EndSession: end_session.end_session,
        end_sessions.EndSessions: end_sessions.end_sessions,
        list_sessions.ListSessions: list_sessions.list_sessions,
        log_out.LogOut: log_out.log_out,
        refresh_session.RefreshSession: refresh_session.refresh_session,
    },
    permissions=(list_sessions.READ_SESSIONS, end_sessions.END_SESSIONS),
    rate_limits=(log_out.LOGOUT, refresh_session.REFRESH, refresh_session.REFRESH_SESSION),
    metrics=metric_definitions(metrics),
    records=(sessions.SESSIONS, sessions.REFRESH_TOKENS),
    expiries=sessions.EXPIRIES,
)
