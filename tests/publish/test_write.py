"""Files are replaced whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aggregator.errors import PublishError
from aggregator.publish import write


def everything(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


FILES = {"tout.rss": b"<rss/>", "sources/cuf.rss": b"<rss/>", "pays/ht/haiti.json": b"{}"}


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    out = tmp_path / "public" / "feeds"
    assert write(out, FILES) == list(FILES)
    assert everything(out) == dict(sorted(FILES.items()))


def test_nothing_is_touched_when_nothing_changed(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")}
    assert write(tmp_path, FILES) == []
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    kept = (tmp_path / "tout.rss").stat().st_ino
    assert write(tmp_path, {**FILES, "sources/cuf.rss": b"<rss> </rss>"}) == ["sources/cuf.rss"]
    assert (tmp_path / "tout.rss").stat().st_ino == kept
    assert (tmp_path / "sources/cuf.rss").read_bytes() == b"<rss> </rss>"


def test_bytes_of_the_same_length_are_compared(tmp_path: Path) -> None:
    write(tmp_path, {"a": b"one"})
    assert write(tmp_path, {"a": b"two"}) == ["a"]


def test_files_that_are_not_given_stay(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    write(tmp_path, {"autre.rss": b"x"})
    assert set(everything(tmp_path)) == {*FILES, "autre.rss"}


def test_files_can_be_read_by_a_web_server_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        write(tmp_path / "feeds", FILES)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "feeds/sources/cuf.rss").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "feeds/sources").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/x", "", "a//b", "./a", ".hidden", "a/.b", "a\\b", "a\x00b", "a\nb", "a/", "x.new~"],
)
def test_a_path_that_leaves_the_folder_is_refused_before_anything_is_written(tmp_path: Path, path: str) -> None:
    out = tmp_path / "feeds"
    with pytest.raises(PublishError):
        write(out, {"tout.rss": b"x", path: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "sources" / ".cuf.rss.new~").write_bytes(b"<rs")
    (tmp_path / ".htaccess").write_bytes(b"kept")
    (tmp_path / "notes.tmp").write_bytes(b"kept")
    write(tmp_path, FILES)
    assert set(everything(tmp_path)) == {*FILES, ".htaccess", "notes.tmp"}


def test_a_failure_leaves_every_published_file_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    kept, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(PublishError, match=r"sources/\.?cuf\.rss"):
            write(tmp_path, {"tout.rss": b"new", "sources/cuf.rss": b"x" * 20_000, "neuf.rss": b"new"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kept, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert everything(tmp_path) == dict(sorted(FILES.items()))


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources").write_bytes(b"")
    with pytest.raises(PublishError, match=r"sources cannot be written .*: move away the file"):
        write(tmp_path, FILES)


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tout.rss").mkdir()
    with pytest.raises(PublishError, match=r"tout\.rss cannot be written .*: move away the folder"):
        write(tmp_path, FILES)
    assert everything(tmp_path) == {}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    versions = [letter.encode() * 200_000 for letter in "ab"]
    write(tmp_path, {"tout.rss": versions[0]})
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add((tmp_path / "tout.rss").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(30):
        write(tmp_path, {"tout.rss": versions[turn % 2]})
    done.set()
    reader.join()
    assert seen <= set(versions)


KILLED = """
import os, signal, sys
from pathlib import Path
from aggregator.publish import write
real, left = os.fsync, [int(sys.argv[2])]
def fsync(descriptor):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
os.fsync = fsync
write(Path(sys.argv[1]), {f"s/{n}.rss": b"new" * 1000 for n in range(20)})
"""


@pytest.mark.parametrize("at", [1, 7, 20, 21])
def test_a_killed_run_leaves_old_or_new_files_and_the_next_one_mends(tmp_path: Path, at: int) -> None:
    old, new = ({f"s/{n}.rss": word * 1000 for n in range(20)} for word in (b"old", b"new"))
    write(tmp_path, old)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at)], check=False)
    assert ended.returncode == -signal.SIGKILL
    for path in old:
        assert (tmp_path / path).read_bytes() in (old[path], new[path])
    write(tmp_path, new)
    assert everything(tmp_path) == dict(sorted(new.items()))
