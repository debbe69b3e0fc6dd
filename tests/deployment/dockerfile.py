"""Parses a Dockerfile, as far as ours uses the language."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `keyword` and the rest, continued lines joined."""

    keyword: str
    text: str

    @property
    def command(self) -> str:
        """The shell command of a RUN."""
        return re.sub(r"^(--\S+\s+)*", "", self.text)

    @property
    def arguments(self) -> list[str]:
        """The arguments of an instruction in exec form."""
        found: list[str] = json.loads(self.text[self.text.index("[") :])
        return found


class Dockerfile:
    """A Dockerfile of several stages; the last one is the image."""

    def __init__(self, file: Path) -> None:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
        self.instructions = [
            Instruction(*line.split(maxsplit=1)) for line in map(str.strip, joined.splitlines()) if line
        ]

    @cached_property
    def stages(self) -> list[list[Instruction]]:
        """The instructions of each stage, its FROM first; those before the first FROM are left out."""
        stages: list[list[Instruction]] = []
        for instruction in self.instructions:
            if instruction.keyword == "FROM":
                stages.append([])
            if stages:
                stages[-1].append(instruction)
        return stages

    def last(self, keyword: str) -> Instruction:
        """Return the last instruction of a kind in the last stage."""
        return [instruction for instruction in self.stages[-1] if instruction.keyword == keyword][-1]

    @property
    def python_version(self) -> str:
        """The version of Python in the base image of all stages."""
        (default,) = [i.text.partition("=")[2] for i in self.instructions if i.text.startswith("PYTHON_VERSION=")]
        return default

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the last stage."""
        pairs: dict[str, Any] = {}
        for instruction in self.stages[-1]:
            if instruction.keyword == "ENV":
                pairs |= dict(pair.split("=", 1) for pair in shlex.split(instruction.text))
        return pairs
