"""A whole Deskhand in a folder of its own: relay and agent as real processes, driven by the real command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_S = 60.0
COMMAND_S = 120.0


def eventually(probe: Callable[[], Any], what: str, within: float = 60.0) -> Any:
    """Wait until ``probe`` gives something true, and return it."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


class Home:
    """`deskhand up` in ``folder``. ``env`` is added to an environment without keys of this machine."""

    def __init__(
        self, folder: Path, env: dict[str, str] | None = None, *options: str, before: list[str] | None = None
    ) -> None:
        self.folder = folder
        self.desk = folder / "desk"
        self.state = folder / "state"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "DESKHAND_"))}
        self.env = {**kept, "DESKHAND_HOME": str(folder), "DESKHAND_KEYRING": "file", **(env or {})}
        self.options = options
        self.command = [*(before or []), sys.executable, "-m", "agent"]
        self.url = ""
        self.said: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> Home:
        """Start and wait until it is ready."""
        command = [*self.command, "up", "--port", str(port), "--no-browser", *self.options]
        self._process = subprocess.Popen(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self._process, ready), daemon=True).start()
        if not ready.wait(READY_S) or not self.url:
            raise AssertionError("not ready:\n" + "\n".join([*self.said, *self.log_tails()]))
        return self

    def _listen(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.said.append(line.rstrip())
                if line.startswith("Deskhand is ready at "):
                    self.url = line.split()[-1]
                    ready.set()
        ready.set()

    @property
    def port(self) -> int:
        """The relay's port."""
        return int(self.url.rsplit(":", 1)[1])

    def pid(self, which: str) -> int:
        """Process id of "relay" or "agent", as `up` knows it."""

        def read() -> int | None:
            try:
                found: int | None = json.loads((self.state / "up.json").read_text())[which]
            except (OSError, ValueError, KeyError):
                return None
            return found

        return int(eventually(read, f"{which} runs"))

    def kill(self, which: str) -> None:
        """`kill -9` one child; `up` starts it again."""
        pid = self.pid(which)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        eventually(lambda: self.pid(which) != pid, f"{which} is started again")

    def stop(self) -> int:
        """SIGTERM; the exit code. Everything must be over within three seconds."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(10)
        self._process = None
        return code

    def close(self) -> None:
        """End it whatever state it is in."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def run(self, *arguments: str, stdin: str | None = None, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `deskhand …`; ``check`` is the exit code it must have (None: any)."""
        done = subprocess.run(
            [*self.command, *arguments],
            env=self.env, input=stdin, capture_output=True, text=True, timeout=COMMAND_S, check=False,
        )  # fmt: skip
        if check is not None and done.returncode != check:
            raise AssertionError(f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments: str, check: int | None = 0) -> Any:
        """Run `deskhand … --json` and read its one answer."""
        return json.loads(self.run(*arguments, "--json", check=check).stdout)

    def send(self, text: str, *more: str, check: int | None = 0) -> dict[str, Any]:
        """`deskhand send --wait --json`."""
        outcome: dict[str, Any] = self.json("send", "--wait", "--timeout", "90", *more, text, check=check)
        return outcome

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """`deskhand log --json`."""
        lines = self.run("log", "--json", "--after", str(after)).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def log_tails(self) -> list[str]:
        """The ends of the logs, for failures."""
        tails = []
        for path in sorted((self.state / "logs").glob("*.log")):
            tails += [f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-25:]]
        return tails


@contextmanager
def running(folder: Path, env: dict[str, str] | None = None, *options: str, port: int = 0) -> Iterator[Home]:
    """A home that runs while the context lasts."""
    home = Home(folder, env, *options)
    try:
        yield home.start(port)
    finally:
        home.close()
