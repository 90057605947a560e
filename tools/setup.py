"""Make `.venv` hold exactly the locked packages and the `aggregator` command: `python3 tools/setup.py run|dev`.

Needs Python >= 3.11 with its venv module, nothing else. Every package, and what builds the one that comes without a
wheel (feedgen), is checked against the hashes of requirements/*.txt. Make calls it only when a lock has changed.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = ROOT / "requirements"


def main(wanted: str) -> int:
    """Set up `wanted` ("run" or "dev"); the exit code says whether it worked."""
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    python = VENV / "bin" / "python"
    works = (
        python.exists()
        and not subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode
    )
    if not works:
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
        )
        if made.returncode:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            print(
                f"Python's venv module is missing: install it (Debian, Ubuntu: apt install python{version}-venv), then try again.",
                file=sys.stderr,
            )
            return 1
    pip = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
    lock = LOCKS / f"{wanted}.txt"
    build = ["--build-constraint", LOCKS / "build.txt"]
    pinned = [line.split("==")[1].split()[0] for line in lock.read_text().splitlines() if line.startswith("pip==")]
    steps = [
        [*pip, f"pip=={pinned[0]}"],  # older pips do not know --build-constraint
        [*pip, "--require-hashes", *build, "-r", lock],
        [*pip, "--no-deps", *build, "-e", ROOT],
    ]
    for number, step in enumerate(steps, 1):
        print(f"setting up .venv ({wanted}), step {number} of {len(steps)} …", flush=True)
        if subprocess.run(step, check=False).returncode:
            print(
                "The packages could not be installed: see the lines above (is there a network?), then try again.",
                file=sys.stderr,
            )
            return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"]):
        sys.exit("usage: python3 tools/setup.py run|dev")
    sys.exit(main(sys.argv[1]))
