"""Socket.IO: users receive the events of their account as they happen, for as long as their session lives."""

from hexaccount_socketio.application import create_application
from hexaccount_socketio.http_server import HttpServer
from hexaccount_socketio.socket_server import SocketServer

__all__ = ["HttpServer", "SocketServer", "create_application"]
