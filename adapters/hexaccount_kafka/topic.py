import re
from dataclasses import dataclass
from typing import Self

_LAST_PORT = 65_535
_HOST = r"(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?"
_URL = re.compile(rf"kafka://(?P<brokers>{_HOST}(?:,{_HOST})*)/(?P<topic>[A-Za-z0-9._-]{{1,249}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """A topic and its bootstrap brokers: `host:port`, several separated by commas."""

    brokers: str
    name: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Parse `kafka://host:port,host:port/topic`; raises ValueError, which never repeats the URL."""
        match = _URL.fullmatch(url)
        if "@" in url:
            raise ValueError("leave user and password out of kafka://; they are kafka.sasl_username and _password")
        if match is None or match["topic"] in {".", ".."}:
            raise ValueError(
                "write it as kafka://host:9092/topic, several brokers as kafka://one:9092,other:9092/topic; a topic "
                "has letters, digits, points, underscores and hyphens, 249 at most"
            )
        if any(int(port) > _LAST_PORT for port in re.findall(r":(\d+)(?=,|$)", match["brokers"])):
            raise ValueError(f"the port of a broker must be a number up to {_LAST_PORT}")
        return cls(match["brokers"], match["topic"])
