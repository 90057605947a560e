"""Files: each reader sees the old one or the new one, whole; what did not change is not touched."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aggregator.errors import PublishError

_AT_ONCE = 16  # fsync waits for the disk, and those that wait together share one flush of its journal
_TEMPORARY = ".new~"

_WHAT_TO_DO = {
    errno.ENOSPC: "free some space on the disk and run again",
    errno.EDQUOT: "free some space within the quota and run again",
    errno.EACCES: "give this user the right to write there",
    errno.EPERM: "give this user the right to write there",
    errno.EROFS: "mount it writable or choose another folder",
    errno.ENOTDIR: "move away the file that stands where a folder is needed",
    errno.EEXIST: "move away the file that stands where a folder is needed",
    errno.ENAMETOOLONG: "choose a shorter slug",
    errno.EISDIR: "move away the folder that stands where the file is needed",
}


def write(out: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write `files` (path below `out` -> bytes) and give the paths whose bytes changed, in the order given.

    All new bytes reach the disk beside their places before the first file takes its place: a failure until then leaves
    every published file as it was. Then each file is renamed into place, and each folder reaches the disk once. Files
    have mode 0644, folders 0755. No temporary file is left, not even one of a run that was killed.

    Raises:
        PublishError: a path that leaves `out`, or a file or folder that cannot be written; it says which and what to do.
    """
    prepare(out, files)
    changed = lay_beside(out, files)
    put_in_place(out, changed)
    return changed


def prepare(out: Path, paths: Iterable[str]) -> None:
    """Make the folders that files at these paths (below `out`) need, and remove what a killed run left.

    Raises:
        PublishError: a path that leaves `out`, or a folder that cannot be made.
    """
    folders = {out}
    for path in paths:
        _stays_inside(path)
        folders.add((out / path).parent)
    for folder in sorted(_make(folders)):
        _sync(folder)
    for folder in sorted(folders):
        _sweep(folder)


def lay_beside(out: Path, files: Mapping[str, bytes]) -> list[str]:
    """Write the files that differ beside their places, in folders that `prepare` made; give their paths, in the order given.

    One after the other: threads that make files in one folder wait for each other, spinning (half of the kernel's time).

    Raises:
        PublishError: one cannot be written; none is left.
    """
    changed = [path for path, data in files.items() if _differs(out / path, data)]
    try:
        for path in changed:
            _put(_beside(out / path), files[path])
    except BaseException:
        _remove(out, changed)
        raise
    return changed


def put_in_place(out: Path, paths: Sequence[str]) -> None:
    """Let the bytes that lie beside these places reach the disk, then move each into its place.

    Raises:
        PublishError: one cannot; what is not in its place by then is removed.
    """
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda path: _sync(_beside(out / path)), paths))
        for path in paths:
            with _told(out / path):
                _beside(out / path).replace(out / path)
    except BaseException:
        _remove(out, paths)
        raise
    for folder in sorted({(out / path).parent for path in paths}):
        _sync(folder)


def _remove(out: Path, paths: Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            _beside(out / path).unlink(missing_ok=True)


def _stays_inside(path: str) -> None:
    """Paths are ours, but slugs stand in them: never absolute, hidden, or upwards."""
    parts = path.split("/")
    if any(not part or part.startswith(".") or not part.isprintable() or "\\" in part for part in parts):
        raise PublishError(f"{path!r} is no path below the output folder: correct the slug it is made of")
    if path.endswith(_TEMPORARY):
        raise PublishError(f"{path!r} has the name of a temporary file: choose another slug")


def _make(folders: set[Path]) -> set[Path]:
    """Make the folders that are missing; give the folders in which something was made."""
    touched = set()
    for folder in sorted(folders):
        with _told(folder):
            missing = [place for place in (folder, *folder.parents) if not place.exists()]
            for place in reversed(missing):
                place.mkdir(exist_ok=True)
                place.chmod(0o755)  # whatever the umask: a web server reads it
                touched.add(place.parent)
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return touched


def _sweep(folder: Path) -> None:
    """Remove what a killed run left beside its files; folders below are others' (feeds/demo may be written meanwhile)."""
    with _told(folder):
        for left in folder.glob(f".*{_TEMPORARY}"):
            left.unlink(missing_ok=True)


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}{_TEMPORARY}")


def _differs(place: Path, data: bytes) -> bool:
    with _told(place):
        try:
            return place.stat().st_size != len(data) or place.read_bytes() != data
        except FileNotFoundError:
            return True


def _put(temporary: Path, data: bytes) -> None:
    with _told(temporary), temporary.open("wb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(data)


def _sync(place: Path) -> None:
    with _told(place):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    """What the system refuses, as the operator reads it."""
    try:
        yield
    except OSError as error:
        remedy = _WHAT_TO_DO.get(error.errno or 0, "check the disk and run again")
        raise PublishError(f"{place} cannot be written ({error.strerror or error}): {remedy}") from error
