"""A new user's first minutes: a clone, an empty home, `make up` twice, `make test`. Nothing else is typed."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bench.results import record_bench

REPOSITORY = Path(__file__).parents[1]
COMMAND = "python -m bench.fresh"
READY_WITHIN_S = 300
FIRST_BAR_S = 90.0
LATER_BAR_S = 5.0
TEST_BAR_MIN = 12.0


def _environment(home: Path) -> dict[str, str]:
    dropped = ("ANTHROPIC_", "DESKHAND_", "VIRTUAL_ENV", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    path = [part for part in kept["PATH"].split(":") if not part.startswith(str(REPOSITORY))]
    return {**kept, "HOME": str(home), "PATH": ":".join(path)}


def _up_seconds(clone: Path, env: dict[str, str]) -> float:
    started = time.monotonic()
    command = ["make", "up", "ARGS=--port 0 --no-browser"]
    with subprocess.Popen(
        command, cwd=clone, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as up:
        assert up.stdout is not None
        said = []
        for line in up.stdout:
            said.append(line)
            if "is ready at" in line:
                seconds = time.monotonic() - started
                os.killpg(up.pid, signal.SIGTERM)
                return seconds
    raise AssertionError("".join(said[-20:]))


def main() -> None:
    """Measure and record."""
    with tempfile.TemporaryDirectory(prefix="deskhand-fresh-") as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone)], check=True)
        env = _environment(home)
        first, later = _up_seconds(clone, env), _up_seconds(clone, env)
        started = time.monotonic()
        done = subprocess.run(["make", "test"], cwd=clone, env=env, capture_output=True, text=True, check=False)
        minutes = (time.monotonic() - started) / 60
        last = done.stdout.strip().splitlines()[-1].strip("= ")
        assert done.returncode == 0, done.stdout[-3000:]
    for name, value, unit, bar, note in (
        ("fresh clone, empty home: first `make up`", first, "s", FIRST_BAR_S, ""),
        ("fresh clone, empty home: later `make up`", later, "s", LATER_BAR_S, ""),
        ("fresh clone, empty home: `make test`", minutes, "min", TEST_BAR_MIN, last),
    ):
        record_bench(name, value=value, unit=unit, bar=bar, command=COMMAND, note=note)
        print(f"{name}: {value:.1f} {unit}, bar {bar:g} {unit} {note}")


if __name__ == "__main__":
    main()
