"""The agent's local control socket: where it is and how to speak on it. JSON objects, one a line.

A request is ``{"op": name, …}``. Answers are lines with ``event``, then one last line with ``done`` or ``error``.
Light on imports: the command line uses it for every command.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

MAX_SOCKET_PATH = 100
"""Unix socket paths are limited to 103 (macOS) or 107 bytes."""

HELD = "agent.stopped"
"""A file of this name in the state folder: the person wants the agent stopped."""

MAX_LINE_BYTES = 4 * 1024 * 1024
_BROKE_OFF = "The agent ended in the middle of the answer. Try again."


class AgentDown(ConnectionError):
    """No agent listens."""


class AgentError(RuntimeError):
    """The agent says no. ``next`` is what to do; ``code`` is for programs."""

    def __init__(self, text: str, next_step: str, code: str) -> None:
        super().__init__(text)
        self.next = next_step
        self.code = code


def socket_path(state: Path) -> Path:
    """Where the socket is: in the state folder, or in a private short-named folder where that path is too long."""
    path = state / "control.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"deskhand-{os.getuid()}" / f"{name}.sock"


class Client:
    """A connection to the agent. Raises `AgentDown` when made where none listens."""

    def __init__(self, state: Path, timeout: float | None = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        path = socket_path(state)
        try:
            if path.parent != state:
                check_private(path.parent)
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            command = "deskhand agent start" if (state / HELD).exists() else "deskhand up"
            raise AgentDown(f"The agent is not running. Start it with `{command}`.") from error
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._socket.close()

    def send(self, **request: Any) -> None:
        """Send one line. Raises `AgentDown` where the agent went away."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except ConnectionError as error:
            raise AgentDown(_BROKE_OFF) from error

    def lines(self) -> Iterator[dict[str, Any]]:
        """Answers up to and without the last; ends when it comes, which `result` then holds."""
        for line in self._received():
            answer = json.loads(line)
            if "error" in answer:
                error = answer["error"]
                raise AgentError(error["text"], error["next"], error["code"])
            if "done" in answer:
                self.result: dict[str, Any] = answer["done"]
                return
            yield answer
        raise AgentDown(_BROKE_OFF)

    def _received(self) -> Iterator[bytes]:
        try:
            yield from self._reader
        except ConnectionError as error:
            raise AgentDown(_BROKE_OFF) from error

    def call(self, **request: Any) -> dict[str, Any]:
        """One request, one answer."""
        self.send(**request)
        for _ in self.lines():
            pass
        return self.result


def check_private(folder: Path) -> None:
    """Raise `PermissionError` unless the folder is this user's own and no link: its name may be known to others."""
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} belongs to somebody else. Remove it, then start again.")
