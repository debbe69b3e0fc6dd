"""How this package was installed, for the commands that install more of it."""

import json
import shlex
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def install_command(extra: str) -> str:
    """Return the command that installs an extra into the environment of this process.

    It is one of pip, of uv, of pipx or of `uv tool`, for this package from where it came from.
    """
    prefix = Path(sys.prefix)
    if (prefix / "uv-receipt.toml").is_file():
        # This command replaces the extras of the one before.
        extras = sorted({extra, *_extras_in((prefix / "uv-receipt.toml").read_text())})
        return f"uv tool install {_requirement(','.join(extras))}"
    requirement = _requirement(extra)
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx runpip {prefix.name} install {requirement}"
    by_uv = _file("INSTALLER").strip() == "uv"
    return f"uv pip install {requirement}" if by_uv else f"pip install {requirement}"


def _requirement(extras: str) -> str:
    """Return the requirement as a shell needs it: from the folder, file or repository from which this package came."""
    origin = json.loads(_file("direct_url.json") or "{}")
    url = origin.get("url", "")
    if origin.get("dir_info", {}).get("editable"):
        folder = url2pathname(urlsplit(url).path)
        return f"-e {shlex.quote(f'{folder}[{extras}]')}"
    if vcs := origin.get("vcs_info"):
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return shlex.quote(f"hexaccount[{extras}]{f' @ {url}' if url else ''}")


def _extras_in(receipt: str) -> list[str]:
    requirements = tomllib.loads(receipt).get("tool", {}).get("requirements", [])
    return [extra for each in requirements if each.get("name") == "hexaccount" for extra in each.get("extras", [])]


def _file(name: str) -> str:
    """Return a file of the metadata of this package (PEP 376, PEP 610), empty if there is none."""
    with suppress(PackageNotFoundError):
        return distribution("hexaccount").read_text(name) or ""
    return ""
