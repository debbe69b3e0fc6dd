"""The store on MongoDB, with PyMongo."""

from hexaccount_mongo.connections import check_url
from hexaccount_mongo.server_time import server_time
from hexaccount_mongo.store import MongoStore

__all__ = ["MongoStore", "check_url", "server_time"]
