"""A real relay as a process of its own, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

GENEROUS = {
    "DESKHAND_RELAY_APPENDS_PER_MINUTE": "100000",
    "DESKHAND_RELAY_HELLOS_PER_MINUTE": "100000",
    "DESKHAND_RELAY_PAIRINGS_PER_HOUR": "100000",
}
"""Limits that many tests against one relay do not reach."""


@dataclass
class RelayProcess:
    """A relay that listens on ``port`` of this machine and keeps its data in ``data_dir``."""

    data_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the same port as before if there was one; returns when it listens."""
        reading, writing = os.pipe()
        arguments = ["serve", "--port", str(self.port), "--data-dir", str(self.data_dir), "--ready-fd", str(writing)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "relay", *arguments],
            env={**os.environ, **self.environment},
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as ready:
            said = ready.read()
        assert said, "the relay did not start"
        self.port = int(said)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def relay_process(data_dir: Path, **settings: str) -> Iterator[RelayProcess]:
    """Run a relay; ``settings`` are names of DESKHAND_RELAY_… in lower case."""
    environment = GENEROUS | {f"DESKHAND_RELAY_{name.upper()}": value for name, value in settings.items()}
    relay = RelayProcess(data_dir, environment)
    relay.start()
    try:
        yield relay
    finally:
        relay.kill()
