"""The memory of a process and all its children."""

from pathlib import Path


def memory_mib(pid: int) -> tuple[float, float]:
    """Return RSS and PSS in MiB; PSS counts memory that processes share once."""
    rss = pss = 0.0
    for process in process_tree(pid):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        rss += sizes["Rss"] / 1024
        pss += sizes["Pss"] / 1024
    return rss, pss


def process_tree(pid: int) -> list[int]:
    """Return the process ids of a process and all its living children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []  # it has just ended
    return [pid, *(inner for child in children for inner in process_tree(int(child)))]
