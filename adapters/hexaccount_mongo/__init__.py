"""The store on MongoDB, with PyMongo."""

from hexaccount_mongo.store import MongoStore

__all__ = ["MongoStore"]
