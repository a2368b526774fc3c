"""`deskhand chat`: the same thread in a terminal, live."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import typer

from agent.cli.shared import EXIT_UNREACHABLE, config, connect, fail
from agent.cli.show import local_time
from agent.control_wire import AgentDown, AgentError, Client

_SHOWN = {"message", "reply", "result", "ask", "notice", "task.created", "task.state"}
HISTORY = 40
AGAIN_S = 0.5


def run_chat() -> None:
    """Read lines, send them, print what happens. Ctrl-D ends."""
    status = _call(op="status")
    typer.echo(f"In your thread with {status['relay']['url']}. Type and press Enter; Ctrl-D ends.")
    follower = threading.Thread(target=_follow, args=(max(0, (status["thread"]["seq"] or 0) - HISTORY),), daemon=True)
    follower.start()
    try:
        for line in sys.stdin:
            if line.strip():
                _say(line.strip())
    except KeyboardInterrupt:
        typer.echo("")


def _say(line: str) -> None:
    command, _, rest = line.partition(" ")
    match command:
        case "/approve" | "/deny":
            verdict = "approve" if command == "/approve" else "deny"
            _call(op="answer", ask=rest.strip(), verdict=verdict)
        case "/answer":
            ask, _, text = rest.strip().partition(" ")
            _call(op="answer", ask=ask, verdict="text", text=text.strip())
        case "/stop":
            _call(op="stop", all=True)
        case _ if command.startswith("/"):
            typer.echo("  /approve ID · /deny ID · /answer ID TEXT · /stop")
        case _:
            _call(op="send", text=line)


def _follow(after: int) -> None:
    """Show what comes, through restarts of the agent."""
    there = True
    while True:
        try:
            with Client(config().home.state, None) as client:
                there = True
                client.send(op="log", after=after, follow=True)
                for answer in client.lines():
                    after = answer["entry"]["seq"]
                    _show(answer["entry"])
        except (AgentDown, AgentError, TimeoutError):
            if there:
                typer.echo("The agent ended. What you send is kept, and runs when it is back.", err=True)
            there = False
            time.sleep(AGAIN_S)


def _show(entry: dict[str, Any]) -> None:
    if entry["type"] not in _SHOWN:
        return
    match entry["type"]:
        case "message":
            said = f"› {entry['text']}"
        case "reply":
            said = entry["text"]
        case "result":
            files = "".join(f"\n  {file.get('path') or file['name']}" for file in entry["files"])
            ledger = "".join(f"\n  not done: {line}" for line in entry["not_done"])
            said = f"{entry['text']}{files}{ledger}"
        case "ask":
            short = entry["id"][:8]
            changes = "".join(f"\n    {_moved(change)}" for change in entry["action"].get("changes", []))
            choices = " | ".join(entry.get("choices") or ["…"])
            ways = f"/approve {short}   /deny {short}" if entry["kind"] == "approval" else f"/answer {short} {choices}"
            said = f"? {entry['action']['title']}{changes}\n  {ways}"
        case "notice":
            said = f"! {entry['text']} {entry['next']}"
        case "task.created":
            said = f"· {entry['title']}"
        case _:
            said = f"· {entry['state']}" + (f": {entry['reason']}" if entry.get("reason") else "")
    typer.echo(f"{local_time(entry['at'])[11:]}  {said}")


def _moved(change: dict[str, Any]) -> str:
    return " → ".join(part for part in (change.get("before"), change.get("after")) if part)


def _call(**request: Any) -> dict[str, Any]:
    try:
        with connect() as client:
            return client.call(**request)
    except AgentError as error:
        typer.echo(f"{error} {error.next}", err=True)
        return {}
    except (AgentDown, TimeoutError):
        fail("The agent does not answer.", "`deskhand status` shows how it is.", EXIT_UNREACHABLE)
