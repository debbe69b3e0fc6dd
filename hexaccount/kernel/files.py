"""What a person can do about an error of the file system, whichever part of the service has met it.

Code that uses files lets OSError pass, and says with `naming` which file it means; what shows errors asks for the
remedy.
"""

import errno
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FORBIDDEN = {errno.EACCES, errno.EPERM}
_WRONG_KIND = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}
_OF_A_PATH = _FORBIDDEN | _WRONG_KIND | {errno.ENOENT}
_BITS = {"read": os.R_OK, "write": os.W_OK, "enter": os.X_OK}
_REMEDIES = {
    errno.ENOSPC: "free space, or write to another place",
    errno.EDQUOT: "free space, or let this user have more of it: its quota is used up",
    errno.EFBIG: "raise the limit of the size of files (ulimit -f), or write to another place",
    errno.ENFILE: "raise the limit of open files of this machine (sysctl fs.file-max)",
    errno.EROFS: "mount the file system for writing, or choose a place on another one",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "correct the links, which lead in a circle",
    errno.EIO: "check the disk and its connection, as the log of the kernel (dmesg) says more",
    errno.ESTALE: "mount the network file system again",
}


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Give the errors of the block that name no file this one, as those of writing and closing name none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def exists(path: Path) -> bool:
    """Return whether there is something at a path; raises OSError if that cannot be found out.

    A link to nothing, on the way or at the end, raises too: what is missing may be a volume that is not mounted.
    """
    path = path.absolute()
    try:
        path.stat()
    except FileNotFoundError:
        if any(map(_leads_nowhere, (path, *path.parents))):
            raise
        return False
    return True


def reason_of(error: OSError) -> str:
    """Return what has failed: the file, and the reason of the operating system."""
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"


def remedy_for(error: OSError) -> str | None:
    """Return what to change; None for an error that is not of files, such as one of a network."""
    if error.errno == errno.EMFILE:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return f"let this process open more than {limit} files (ulimit -n, or LimitNOFILE= of systemd)"
    if error.errno not in _OF_A_PATH:
        return _REMEDIES.get(error.errno or 0)
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return "change to another folder; the current one was removed"
    name = error.filename2 or error.filename  # what was to be the name of the first is in the way
    if not isinstance(name, str | Path):
        return None
    path = here / name
    if link := next(filter(_leads_nowhere, (path, *path.parents)), None):
        return f"make {link.readlink()}, to which the link {link} points, or remove the link"
    return _remedy_at(path.resolve(), error.errno)


def _leads_nowhere(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:  # a folder before it, or before its target, cannot be entered
        return False
    return False


def _remedy_at(path: Path, code: int) -> str:
    """Return what to change at the first part that is in the way of an absolute path without links."""
    for folder in reversed(path.parents):
        if not folder.exists():
            return f"make the folder {folder}, or name another path"
        if not folder.is_dir():
            return f"name another path, or move {folder} away, which is no folder"
        if not os.access(folder, os.X_OK, effective_ids=True):
            return _permit("enter", folder)
    if not path.exists():
        return _permit("write", path.parent) if code in _FORBIDDEN else f"make {path}, or name another path"
    if code in _FORBIDDEN:
        actions = ("read", "write", "enter") if path.is_dir() else ("read", "write")
        lacking = (action for action in actions if not os.access(path, _BITS[action], effective_ids=True))
        return _permit(next(lacking, "use"), path)
    return f"name another path, or move {path} away, which is {'a' if path.is_dir() else 'no'} folder"


def _permit(action: str, path: Path) -> str:
    status, user = path.stat(), os.geteuid()
    remedy, mode = f"let user {user} {action} {path}", f"{stat.S_IMODE(status.st_mode):o}"
    if action == "write" and os.statvfs(path).f_flag & os.ST_RDONLY:
        return _REMEDIES[errno.EROFS]
    if os.access(path, _BITS.get(action, os.F_OK), effective_ids=True):
        return f"{remedy}; its mode {mode} does, but a mount option, an attribute (lsattr) or SELinux does not"
    if status.st_uid == user:
        return f"{remedy}: its mode is {mode} (chmod)"
    return f"{remedy}, which belongs to user {status.st_uid} (mode {mode}), or run this as that user"
