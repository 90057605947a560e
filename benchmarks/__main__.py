"""Cold, warm and 5 % changed over a loopback origin: this program beside `reader` (PyPI) and newsboat (Debian), in one run.

`python -m benchmarks [--sources 1000] [--rounds 3]`. Prints the median wall time of each, the ratio to reader's, and the peak
memory of the whole process tree. reader is installed into .venv-bench; newsboat is used when it is on the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from benchmarks.origin import address, kind, path

ROOT = Path(__file__).parents[1]
PORT = 8765
PHASES = ("cold", "warm", "5 % changed")
READER = """
import sys
from reader import make_reader
with make_reader(sys.argv[1]) as r:
    if len(sys.argv) > 2:
        for url in open(sys.argv[2]): r.add_feed(url.strip(), exist_ok=True)
    for _ in r.update_feeds_iter(scheduled=False, workers=16): pass
"""


def configuration(count: int) -> str:
    options = {"html": "\n    options: {item: article.card, title: h3 a, date: time, summary: p.chapo}"}
    kinds = {"rss": "feed", "atom": "feed", "ics": "ics", "html": "html"}
    sources = "".join(
        f"  - slug: source-{n}\n    name: Source {n}\n    url: http://{address(n)}:{PORT}{path(n)}\n    kind: {kinds[kind(n)]}{options.get(kind(n), '')}\n"
        for n in range(count)
    )
    return (
        f"site: {{title: Banc, url: 'http://127.0.0.1:8800', contact: 'https://exemple.invalid/'}}\n"
        f"defaults: {{delay: 0s, allow_private: true}}\nsources:\n{sources}"
    )


def measured(command: list[str], **options: object) -> tuple[float, float]:
    """Run a command; give its wall seconds and the peak of its process tree's resident memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, sum(map(resident, tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    wall = time.perf_counter() - began
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {code}")
    return wall, peak


def tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in tree(int(child)))]


def resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


def edit(share: int) -> None:
    urllib.request.urlopen(f"http://{address(0)}:{PORT}/edit?share={share}").read()


class Ours:
    name = "this program"

    def __init__(self, folder: Path, count: int) -> None:
        (folder / "sources.yaml").write_text(configuration(count))
        self.command = [
            str(ROOT / ".venv/bin/aggregator"), "run", "--all", "--json",
            "--config", str(folder / "sources.yaml"), "--db", str(folder / "store.db"), "--out", str(folder / "feeds"),
        ]  # fmt: skip

    def update(self, phase: str) -> tuple[float, float]:
        return measured(self.command)


class Reader:
    name = "reader"

    def __init__(self, folder: Path, count: int) -> None:
        self.python = ROOT / ".venv-bench/bin/python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", ROOT / ".venv-bench"], check=True)
            subprocess.run([self.python, "-m", "pip", "-qq", "install", "reader"], check=True)
        self.folder = folder
        (folder / "urls").write_text("".join(f"http://{address(n)}:{PORT}/feed\n" for n in range(count)))
        (folder / "update.py").write_text(READER)

    def update(self, phase: str) -> tuple[float, float]:
        urls = [str(self.folder / "urls")] if phase == "cold" else []
        return measured([str(self.python), str(self.folder / "update.py"), str(self.folder / "reader.db"), *urls])


class Newsboat:
    name = "newsboat"

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        (folder / "nb-urls").write_text("".join(f"http://{address(n)}:{PORT}/feed\n" for n in range(count)))
        (folder / "nb-config").write_text("reload-threads 16\n")

    def update(self, phase: str) -> tuple[float, float]:
        names = [
            f"--{what}-file={self.folder / file}"
            for what, file in (("url", "nb-urls"), ("cache", "nb-cache.db"), ("config", "nb-config"))
        ]
        return measured(["newsboat", *names, "-x", "reload"], env={**os.environ, "HOME": str(self.folder)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-ours", action="store_true")
    asked = parser.parse_args()
    peers = [Ours] if asked.only_ours else [Ours, Reader, *([Newsboat] if shutil.which("newsboat") else [])]
    origin = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.origin", str(asked.sources), str(PORT)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert origin.stdout is not None
    origin.stdout.readline()
    times: dict[tuple[str, str], list[float]] = {}
    peaks: dict[str, float] = {}
    try:
        for _ in range(asked.rounds):
            with tempfile.TemporaryDirectory() as folder:
                running = [peer(Path(folder), asked.sources) for peer in peers]
                for phase in PHASES:
                    if phase == PHASES[2]:
                        edit(5)
                    for peer in running:
                        wall, peak = peer.update(phase)
                        times.setdefault((peer.name, phase), []).append(wall)
                        peaks[peer.name] = max(peaks.get(peer.name, 0), peak)
    finally:
        origin.terminate()
    print(f"{asked.sources} sources × 20 items, median of {asked.rounds}; × = times as fast as reader\n")
    print("| | " + " | ".join(peer.name for peer in peers) + " |\n|---|" + "---|" * len(peers))
    for phase in PHASES:
        base = statistics.median(times.get(("reader", phase), [0]))
        cells = []
        for peer in peers:
            wall = statistics.median(times[(peer.name, phase)])
            cells.append(f"{wall:.2f} s" + (f" ({base / wall:.1f} ×)" if base and peer.name != "reader" else ""))
        print(f"| {phase} | " + " | ".join(cells) + " |")
    print("| peak memory | " + " | ".join(f"{peaks[peer.name]:.0f} MB" for peer in peers) + " |")


if __name__ == "__main__":
    main()
