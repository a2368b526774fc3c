"""`deskhand send` and `deskhand tasks wait`."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from typing import Any

import typer

from agent.cli.shared import (
    EXIT_FAILED,
    EXIT_UNREACHABLE,
    EXIT_WAITING,
    call,
    config,
    exit_code,
    fail,
    print_json,
)
from agent.control_wire import AgentDown, AgentError, Client
from agent.home.received import free_place

_EXITS = {
    "failed": EXIT_FAILED, "stopped": EXIT_FAILED, "expired": EXIT_FAILED, "cancelled": EXIT_FAILED,
    "waiting": EXIT_WAITING, "in_doubt": EXIT_WAITING,
}  # fmt: skip
_ANSWER_S = 30.0


def run_send(
    text: str, *, wait: bool, as_json: bool, timeout: float | None, attach: list[Path], out: Path | None
) -> None:
    """Send; with ``wait`` until the outcome stands."""
    files = [str(path.expanduser().absolute()) for path in attach]
    for name in files:
        if not Path(name).is_file():
            fail(f"{name} is not a file.", "Check the name.")
    if not text.strip() and not files:
        fail("There is nothing to send.", "Give a text.")
    started = time.monotonic()
    message = secrets.token_hex(16)
    try:
        with Client(config().home.state, _ANSWER_S) as client:
            outcome = client.call(op="send", id=message, text=text, files=files)
    except AgentError as error:
        fail(str(error), error.next, exit_code(error.code))
    except (AgentDown, TimeoutError):
        outcome = _leave(message, text, files)
    if wait:
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - started))
        outcome = _wait(outcome, left)
    _finish(outcome, wait=wait, as_json=as_json, out=out)


def run_wait(task: str, *, as_json: bool, timeout: float | None) -> None:
    """Wait for the message a task belongs to."""
    message = call(op="task_message", task=task)["message"]
    _finish(_wait(_queued(message), timeout), wait=True, as_json=as_json, out=None)


def _leave(message: str, text: str, files: list[str]) -> dict[str, Any]:
    """Leave the message for an agent that does not run."""
    from agent.spool import MAX_TEXT_BYTES, leave

    if len(text.encode(errors="replace")) > MAX_TEXT_BYTES:
        fail(f"The text is longer than {MAX_TEXT_BYTES // 1024} KiB.", "Put it into a file and attach that.")
    if files:
        fail(
            "The agent is not running, and files can only be sent while it is.",
            "Start it: `deskhand up`.",
            EXIT_UNREACHABLE,
        )
    body = {"id": message, "type": "message", "via": "terminal", "text": text}
    leave(config().home.spool, body, time.time_ns())
    return _queued(message)


def _queued(message: str) -> dict[str, Any]:
    return {
        "id": message, "seq": None, "state": "queued", "receipts": [], "tasks": [], "text": "", "files": [],
        "not_done": [], "asks": [], "usage": {"input_tokens": 0, "output_tokens": 0, "usd": 0.0, "seconds": 0.0},
    }  # fmt: skip


def _wait(outcome: dict[str, Any], timeout: float | None) -> dict[str, Any]:
    """Wait for the end, through restarts of the agent."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            with Client(config().home.state, None if left is None else left + _ANSWER_S) as client:
                return client.call(op="outcome", id=outcome["id"], wait=True, timeout=left)
        except AgentError as error:
            fail(str(error), error.next, exit_code(error.code))
        except (AgentDown, TimeoutError):
            if left is not None and left <= 0:
                return {**outcome, "timed_out": True}
            time.sleep(0.2)


def _finish(outcome: dict[str, Any], *, wait: bool, as_json: bool, out: Path | None) -> None:
    timed_out = bool(outcome.pop("timed_out", False))
    if as_json:
        print_json(outcome)
    else:
        _print(outcome, timed_out=timed_out)
    if out is not None:
        _copy_out(outcome, out)
    if timed_out:
        raise typer.Exit(EXIT_UNREACHABLE)
    if wait:
        raise typer.Exit(_EXITS.get(outcome["state"], 0))


def _copy_out(outcome: dict[str, Any], out: Path) -> None:
    """Copy the result's files, never over anything."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in outcome["files"]:
            source = Path(file["path"] or "")
            if source.is_file():
                shutil.copyfile(source, free_place(out, file["name"]))
    except OSError as error:
        fail(f"The files could not be copied to {out}: {error.strerror}.", "They are where the agent left them.")


def _print(outcome: dict[str, Any], *, timed_out: bool) -> None:
    if outcome["text"]:
        typer.echo(outcome["text"])
    for file in outcome["files"]:
        typer.echo(f"  {file['path']}")
    for line in outcome["not_done"]:
        typer.echo(f"  not done: {line}")
    for ask in outcome["asks"]:
        typer.echo(f"Waits for you: {ask['action']['title']}")
        short = ask["id"][:8]
        if ask["kind"] == "approval":
            typer.echo(f"  deskhand ask approve {short}    or    deskhand ask deny {short}")
        else:
            answers = " | ".join(ask.get("choices") or []) or "…"
            typer.echo(f'  deskhand ask answer {short} "{answers}"')
    state = "still " + outcome["state"] if timed_out else outcome["state"]
    words = {"queued": "queued: it runs when the computer is back in its thread", "stored": "stored"}
    if not outcome["text"] or timed_out:
        typer.echo(words.get(state, state))
