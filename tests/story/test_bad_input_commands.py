"""Bad input at the command line, the control socket, the settings and the start: a clear word, and Deskhand lives on."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.control_wire import MAX_LINE_BYTES, socket_path
from tests.agent_link.phone import PairingRefused, Phone
from tests.story.home import Home, running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    long = tmp_path_factory.mktemp("home") / ("a long folder name " * 6).strip() / "and one more"
    with running(long) as home:
        yield home


def speak(home: Home, raw: bytes) -> list[dict[str, Any]]:
    """Send bytes to the control socket; what comes back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(str(socket_path(home.state)))
        try:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        with client.makefile("rb") as answer:
            try:
                return [json.loads(line) for line in answer]
            except ConnectionResetError:
                return []


def test_a_state_folder_too_long_for_a_socket_works_and_its_socket_is_private(home: Home) -> None:
    assert len(os.fsencode(home.state)) > 108
    place = socket_path(home.state)
    assert home.state not in place.parents
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert home.send("hello")["state"] == "done"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["send", ""], 1, "nothing to send"),
        (["send", "  \n "], 1, "nothing to send"),
        (["send", "--attach", "no such file.csv", "read it"], 1, "not a file"),
        (["send", "--attach", "/", "read it"], 1, "not a file"),
        (["send", "x" * 70_000], 1, "file"),
        (["ask", "approve", "0" * 32], 1, "deskhand ask list"),
        (["ask", "approve", ""], 1, "deskhand ask list"),
        (["ask", "deny", "zz"], 1, "deskhand ask list"),
        (["ask", "answer", "zz", "yes"], 1, "deskhand ask list"),
        (["tasks", "wait", "zz"], 1, "deskhand tasks"),
        (["tasks", "wait", ""], 1, "deskhand tasks"),
        (["tasks", "stop", "zz"], 1, "deskhand tasks"),
        (["undo", "zz"], 1, "deskhand tasks"),
        (["devices", "remove", "zz"], 1, "deskhand devices list"),
        (["no-such-command"], 2, "No such command"),
        (["send"], 2, "Missing argument"),
        (["up", "--folder", "/no/such/folder"], 1, "not a folder"),
    ],
)
def test_a_command_that_makes_no_sense_says_so_and_what_to_do(
    home: Home, arguments: list[str], code: int, word: str
) -> None:
    done = home.run(*arguments, check=code)
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_words_that_are_no_unicode_are_sent_as_well_as_they_can_be(home: Home) -> None:
    sent = subprocess.run(
        [sys.executable.encode(), b"-m", b"agent", b"send", b"--json", b"caf\xe9"],
        env=home.env, capture_output=True, check=True,
    )  # fmt: skip
    message = json.loads(sent.stdout)["id"]
    (text,) = [entry["text"] for entry in home.log() if entry["id"] == message]
    assert text.startswith("caf")


def test_out_that_cannot_be_written_still_gives_the_outcome(home: Home, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = home.run("send", "--wait", "--json", "--out", str(blocked), "hello", check=1)
    assert json.loads(done.stdout)["state"] == "done"
    assert "could not be copied" in done.stderr
    assert blocked.read_text() == "in the way"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"not json\n", b"\xff\xfe\x00\n", b"[1, 2]\n", b'"text"\n', b"{}\n", b'{"op": null}\n',
        b'{"op": "no such command"}\n', b"[" * 100_000 + b"\n", b"x" * (MAX_LINE_BYTES + 10), b'{"op": "send"}\n',
        b'{"op": "log", "after": "x"}\n', b'{"op": "outcome", "id": {"a": []}}\n', b'{"op": "answer", "ask": "x"}\n',
    ],
)  # fmt: skip
def test_garbage_on_the_control_socket_is_answered_and_harms_nothing(home: Home, raw: bytes) -> None:
    answers = speak(home, raw)
    assert all(set(answer) <= {"error", "done"} for answer in answers)
    if raw.startswith((b"not", b"\xff", b"[", b'"')):
        assert answers[0]["error"]["text"] == "That is not a request."
    if b"no such command" in raw:
        assert "does not know this command" in answers[0]["error"]["text"]
    assert speak(home, b'{"op": "status"}\n')[0]["done"]["agent"]["pid"] == home.pid("agent")


def test_a_socket_folder_of_somebody_else_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.control_wire import check_private

    mine = tmp_path / "mine"
    mine.mkdir()
    check_private(mine)
    (tmp_path / "link").symlink_to(mine)
    with pytest.raises(PermissionError):
        check_private(tmp_path / "link")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError):
        check_private(mine)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ("model = ", "cannot be read"),
        ("\x00", "cannot be read"),
        ("model = 5", "`model`"),
        ('folders = "/home"', "`folders`"),
        ("folders = [1]", "`folders`"),
        ('keyring = "nowhere"', "auto or file"),
    ],
)
def test_broken_settings_are_named_with_their_file(home: Home, tmp_path: Path, settings: str, word: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "config.toml").write_text(settings)
    env = {**home.env, "DESKHAND_HOME": str(tmp_path), "DESKHAND_KEYRING": ""}
    for command in (["up", "--port", "0", "--no-browser"], ["status"]):
        done = subprocess.run(
            [sys.executable, "-m", "agent", *command], env=env, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 1
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said_with_another_one_to_try(home: Home, tmp_path: Path) -> None:
    env = {**home.env, "DESKHAND_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "agent", "up", "--port", str(home.port), "--no-browser"],
        env=env, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 5
    assert f"uses port {home.port}" in done.stderr
    assert f"--port {home.port + 1}" in done.stderr
    assert not (tmp_path / "state" / "up.json").exists()


# --- pairing and devices ----------------------------------------------------------------------------------------------


class Pairing:
    """`deskhand pair --print-link` under way."""

    def __init__(self, home: Home) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agent", "pair", "--print-link"],
            env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.link = self._process.stdout.readline().strip()

    def type(self, digits: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(digits + "\n")
        self._process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        out, err = self._process.communicate(timeout=20)
        return self._process.returncode, out, err


async def test_a_phone_pairs_with_its_digits_and_is_removed(home: Home) -> None:
    phone = Phone(home.url, "Ünïcode phone")
    pairing = await asyncio.to_thread(Pairing, home)
    assert pairing.link.startswith(f"{home.url}/#")
    attempt = await phone.offer(pairing.link)
    pairing.type(f"{attempt.digits[:3]} {attempt.digits[3:]}")
    await phone.finish_pairing(attempt)
    code, said, _ = await asyncio.to_thread(pairing.end)
    assert (code, said.strip()) == (0, "Paired: Ünïcode phone")
    async with phone.connected() as socket_:
        await socket_.say({"id": "a" * 32, "type": "message", "text": "hello from here", "files": []})
    devices = {device["id"]: device for device in home.json("devices", "list")}
    assert (devices[phone.id]["name"], devices[phone.id]["removed"]) == ("Ünïcode phone", False)
    assert {"id", "name", "role", "scopes"} <= set(devices[phone.id])
    assert home.json("devices", "remove", phone.id) == {"removed": phone.id}
    devices = {device["id"]: device for device in home.json("devices", "list")}
    assert devices[phone.id]["removed"] is True
    receipts = [entry for entry in home.log() if entry["type"] == "receipt" and entry["target"] == "a" * 32]
    assert [receipt["kind"] for receipt in receipts] == ["received", "expired"]  # this phone's clock is far behind
    assert receipts[-1]["reason"]


@pytest.mark.parametrize("typed", ["000000", "", "nonsense"])
async def test_wrong_digits_pair_nobody_and_end_with_3(home: Home, typed: str) -> None:
    phone = Phone(home.url)
    pairing = await asyncio.to_thread(Pairing, home)
    attempt = await phone.offer(pairing.link)
    pairing.type(typed if typed != attempt.digits else "000001")
    with pytest.raises(PairingRefused):
        await phone.finish_pairing(attempt)
    code, _, err = await asyncio.to_thread(pairing.end)
    assert code == 3
    assert "Nothing was paired" in err
    assert phone.id not in {device["id"] for device in home.json("devices", "list")}
