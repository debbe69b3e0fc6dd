"""MongoDB on several servers: a replica set of three, and two shards with their config server.

No package has mongos, the router of a sharded cluster. The two commands that it would send to create a database and to
shard a collection are sent from here, and real servers decide whether they can be obeyed.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.mongo import MongoServer, quick_directory

Client = MongoClient[dict[str, Any]]

_MAJORITY = {"writeConcern": {"w": "majority"}}
_QUICK_ELECTION = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}


class FurtherMember(MongoServer):
    """A member of a set that another one initiates."""

    # By default a server waits before it ends, for a majority that may be gone.
    role = ("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0")

    def answers(self) -> bool:
        """Return whether it answers at all."""
        try:
            with Client(self.url, serverSelectionTimeoutMS=500) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True


class FirstMember(MongoServer):
    """The member that initiates a set of three."""

    role = FurtherMember.role
    others: tuple[MongoServer, ...] = ()

    def configuration(self) -> dict[str, Any]:
        """Return the configuration with all three, of which this one is to become the primary."""
        members = [
            {"_id": number, "host": f"127.0.0.1:{each.port}", "priority": 1 if each is self else 0}
            for number, each in enumerate((self, *self.others))
        ]
        return {**super().configuration(), "members": members, "settings": _QUICK_ELECTION}


class ConfigServer(MongoServer):
    """The config server of a sharded cluster."""

    set_name = "config"
    role = ("--configsvr",)

    def configuration(self) -> dict[str, Any]:
        """Return the configuration of its replica set."""
        return {**super().configuration(), "configsvr": True}


class FirstShard(MongoServer):
    """The primary shard of every database."""

    set_name = "shard0"
    role = ("--shardsvr",)


class SecondShard(FirstShard):
    """The other shard."""

    set_name = "shard1"


@dataclass(frozen=True)
class Cluster:
    """Clients of the config server and of the shards."""

    config: Client
    shards: tuple[Client, Client]

    def create_database(self, name: str) -> None:
        """Create a database on the first shard."""
        command = {"_configsvrCreateDatabase": name, "primaryShardId": FirstShard.set_name, **_MAJORITY}
        self.config.admin.command(command)

    def shard_collection(self, database: str, collection: str, key: Mapping[str, int | str]) -> None:
        """Shard a collection; raises OperationFailure where the servers refuse that."""
        found = self.config["config"]["databases"].find_one({"_id": database})
        version = found and found["version"]
        command = {"_shardsvrCreateCollection": collection, "shardKey": dict(key), "databaseVersion": version}
        shard = self.shards[0][database]
        shard.command({**command, **_MAJORITY}, codec_options=shard.codec_options)


@contextmanager
def replica_set_of_three(directory: Path) -> Iterator[str]:
    """Yield the URL of a set of three servers, which run for the block."""
    with ExitStack() as stack:
        others = [stack.enter_context(FurtherMember(quick_directory(directory))) for _ in range(2)]
        first = FirstMember(quick_directory(directory))
        first.others = tuple(others)
        stack.enter_context(first)
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in (first, *others))
        yield f"mongodb://{hosts}/?replicaSet={first.set_name}"


@contextmanager
def sharded_cluster(directory: Path) -> Iterator[Cluster]:
    """Yield a cluster of two shards, which run for the block."""
    with ExitStack() as stack:
        config, *shards = (
            stack.enter_context(kind(quick_directory(directory))) for kind in (ConfigServer, FirstShard, SecondShard)
        )
        clients = [stack.enter_context(Client(each.url, uuidRepresentation="standard")) for each in (config, *shards)]
        for shard in shards:
            command = {"_configsvrAddShard": f"{shard.set_name}/127.0.0.1:{shard.port}", "name": shard.set_name}
            clients[0].admin.command({**command, **_MAJORITY})
        yield Cluster(clients[0], (clients[1], clients[2]))
