"""The structural metrics count what is planted in a checkout."""

from pathlib import Path

import pytest

from benchmarks.house.metrics import read_metrics

_FILES = {
    "hexaccount/__init__.py": "",
    "hexaccount/rooms/__init__.py": """
from functools import partial
from hexaccount.rooms.open_room import OpenRoom, open_room
from hexaccount.rooms.close_room import close_room
capability = Capability(name="rooms", handlers={OpenRoom: open_room, CloseRoom: partial(close_room, clock=1)})
""",
    "hexaccount/rooms/open_room.py": (
        'class OpenRoom:\n    phone: str\n\ndef open_room(command):\n    """Open."""\n' + "    pass\n" * 13
    ),
    "hexaccount/rooms/close_room.py": "def close_room(command, *, clock):\n    return 1\n",
    "hexaccount/rooms/ports.py": "class Rooms(Protocol):\n" + "".join(f"    def m{n}(self): ...\n" for n in range(6)),
    "hexaccount/rooms/first.py": "from hexaccount.rooms import second\n",
    "hexaccount/rooms/second.py": "from hexaccount.rooms.third import x\nif TYPE_CHECKING:\n    import hexaccount\n",
    "hexaccount/rooms/third.py": "import hexaccount.rooms.first\n",
    "hexaccount/rooms/lazy.py": "def f():\n    from hexaccount.rooms.eager import g\n",
    "hexaccount/rooms/eager.py": "from .lazy import f\nfrom hexaccount.halls._hidden import secret\n",
    "hexaccount/rooms/typed.py": "if TYPE_CHECKING:\n    from hexaccount.rooms.untyped import x\n",
    "hexaccount/rooms/untyped.py": "from hexaccount.rooms.typed import y\n",
    "hexaccount/halls/__init__.py": "from hexaccount.halls.hall import hall\n",
    "hexaccount/halls/_hidden.py": "",
    "hexaccount/halls/hall.py": "from hexaccount.yards.yard import yard\n",
    "hexaccount/halls/door.py": "",
    "hexaccount/yards/__init__.py": "",
    "hexaccount/yards/yard.py": "from hexaccount.halls.door import door\n",
    "hexaccount/conformance/suite.py": "pass\n",
    "adapters/hexaccount_long/module.py": "pass\n" * 201 + "def long():\n" + "    pass\n" * 40,
    "tests/test_one.py": "phone = 1\n",
}


@pytest.fixture
def metrics(tmp_path: Path) -> dict[str, object]:
    write(tmp_path, _FILES)
    return read_metrics(tmp_path)


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_sizes_are_counted_by_room(metrics: dict[str, dict[str, dict[str, int]]]) -> None:
    assert metrics["rooms"]["adapters/hexaccount_long"] == {"files": 1, "lines": 242, "statements": 242}
    assert metrics["kit"] == {"files": 1, "lines": 1, "statements": 1}
    assert metrics["tests"]["files"] == 1


def test_files_functions_and_ports_over_their_limits_are_named(metrics: dict[str, object]) -> None:
    assert metrics["long_files"] == {"adapters/hexaccount_long/module.py": 242}
    assert metrics["long_functions"] == {"adapters/hexaccount_long/module.py:long": 41}
    assert metrics["large_ports"] == {"hexaccount/rooms/ports.py:Rooms": 6}
    assert (metrics["handlers"], metrics["long_handlers"]) == (2, {"hexaccount.rooms.open_room.open_room": 13})
    assert metrics["files_that_name_a_field"] == {
        "product": ["hexaccount/rooms/open_room.py"],
        "others": ["tests/test_one.py"],
    }


def test_cycles_are_found_by_kind_of_import(metrics: dict[str, object]) -> None:
    ring = [f"hexaccount.rooms.{name}" for name in ("first", "second", "third")]
    lazy = ["hexaccount.rooms.eager", "hexaccount.rooms.lazy"]
    typed = ["hexaccount.rooms.typed", "hexaccount.rooms.untyped"]
    assert metrics["cycles"] == [ring]
    assert metrics["cycles_with_functions"] == [ring, lazy]
    assert metrics["cycles_with_types"] == [ring, lazy, typed]
    halls = ["hexaccount.halls", "hexaccount.halls.hall", "hexaccount.yards.yard"]
    assert metrics["cycles_with_packages"] == [halls, ring]


def test_private_modules_of_other_packages_are_found(metrics: dict[str, object]) -> None:
    assert metrics["private_imports"] == ["hexaccount.rooms.eager imports hexaccount.halls._hidden.secret"]


def test_a_handler_registered_through_its_module_is_found(tmp_path: Path) -> None:
    registration = (
        "from hexaccount.rooms import open_room\n"
        'capability = Capability(name="rooms", handlers={open_room.OpenRoom: open_room.open_room})\n'
    )
    write(tmp_path, {**_FILES, "hexaccount/rooms/__init__.py": registration})
    found = read_metrics(tmp_path)
    assert (found["handlers"], found["long_handlers"]) == (1, {"hexaccount.rooms.open_room.open_room": 13})
