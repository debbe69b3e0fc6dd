"""Socket.IO: people hear of their own account's events as they happen, for as long as their session lives."""

from hexaccount_socketio.application import create_application
from hexaccount_socketio.sockets import Sockets

__all__ = ["Sockets", "create_application"]
