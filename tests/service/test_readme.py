"""What the README shows is what happens."""

import re
import subprocess
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
VARYING = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "HEX"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r'"access":"[^"]*"'), '"access":"TOKEN"'),
    (re.compile(r'"device":"[^"]*"'), '"device":"TOKEN"'),
]


def curl_session() -> list[tuple[str, str]]:
    """Return the commands of the README's session and the answers that it shows."""
    block = next(b for b in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL) if "curl" in b)
    steps = []
    for step in block.strip().split("\n\n"):
        lines = step.removeprefix("$ ").splitlines()
        # A command goes on where a line ends in a backslash or a quote is still open.
        for count in range(1, len(lines) + 1):
            command = "\n".join(lines[:count])
            if command.count("'") % 2 == 0 and not command.endswith("\\"):
                steps.append((command, "\n".join(lines[count:])))
                break
    return steps


def same(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def test_the_session_of_the_readme_gives_the_answers_it_shows(serving, tmp_path):
    steps = curl_session()
    assert len(steps) == 7
    with serving() as (_, url):
        # One shell for all, as the session sets a variable; a mark stands between the answers.
        script = "\necho; echo MARK\n".join(command for command, _ in steps).replace("http://127.0.0.1:8000", url)
        ran = subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    for (command, shown), got in zip(steps, ran.stdout.split("\nMARK\n"), strict=True):
        assert same(got) == same(shown), command
