"""Commands that print: log, tasks, asks, devices, status, undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import typer

from agent.cli.shared import EXIT_UNREACHABLE, call, config, connect, fail, print_json
from agent.cli.up import read_pids
from agent.control_wire import AgentDown, AgentError, Client


def run_log(after: int, *, as_json: bool) -> None:
    """The thread, a line an entry."""
    try:
        with connect() as client:
            client.send(op="log", after=after)
            for answer in client.lines():
                entry = answer["entry"]
                print_json(entry) if as_json else typer.echo(entry_line(entry))
    except (AgentError, AgentDown, TimeoutError) as error:
        fail(str(error), code=EXIT_UNREACHABLE)


def local_time(at: str) -> str:
    """A time of the protocol as the clock on the wall shows it, to the minute."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def entry_line(entry: dict[str, Any]) -> str:
    """An entry as a line for people."""
    match entry["type"]:
        case "message":
            said = f"you: {entry['text']}"
        case "reply" | "result":
            said = f"{entry['type']}: {entry['text']}"
        case "receipt":
            said = f"{entry['kind']} ({entry['target'][:8]})"
        case "task.created":
            said = f"task {entry['task'][:8]}: {entry['title']}"
        case "task.state":
            said = f"task {entry['task'][:8]} is {entry['state']}"
        case "ask":
            said = f"asks: {entry['action']['title']}"
        case "notice":
            said = f"{entry['text']} {entry['next']}"
        case kind:
            said = kind
    return f"{entry['seq']:>6} {local_time(entry['at'])}  {said}"


def run_tasks(*, as_json: bool) -> None:
    """The tasks, newest last."""
    tasks = call(op="tasks")["tasks"]
    if as_json:
        print_json(tasks)
        return
    for task in tasks:
        reason = f"  {task['reason']}" if task["reason"] else ""
        typer.echo(f"{task['id'][:8]}  {task['state']:<8}  {task['title']}{reason}")
    if not tasks:
        typer.echo('No task yet. Give one: deskhand send "…"')


def run_asks(*, as_json: bool) -> None:
    """What waits for the person."""
    asks = call(op="asks")["asks"]
    if as_json:
        print_json(asks)
        return
    for ask in asks:
        typer.echo(f"{ask['id'][:8]}  {ask['kind']}  {ask['action']['title']}")
        for change in ask["action"].get("changes", []):
            typer.echo(f"          {_change_line(change)}")
    if not asks:
        typer.echo("Nothing waits for you.")


def _change_line(change: dict[str, Any]) -> str:
    before, after = change.get("before") or "", change.get("after") or ""
    match change["op"]:
        case "add":
            return f"+ {after}"
        case "remove":
            return f"- {before}"
        case "move":
            return f"{before} → {after}"
        case _:
            return f"~ {after or before}"


def run_undo(task: str, *, as_json: bool) -> None:
    """Take back a task's changes."""
    done = call(op="undo", task=task)
    if as_json:
        print_json(done)
        return
    for line in done.get("restored", []):
        typer.echo(line)
    for line in done.get("refused", []):
        typer.echo(f"stays: {line}")


def run_devices(*, as_json: bool) -> None:
    """The devices of the thread."""
    devices = call(op="devices")["devices"]
    if as_json:
        print_json(devices)
        return
    for device in devices:
        mark = "removed" if device["removed"] else "this computer" if device["this"] else device["role"]
        typer.echo(f"{device['id']}  {mark:<13}  {device['name']}")


def run_status(*, as_json: bool) -> None:
    """How everything is; exit 5 where the agent does not run."""
    home = config().home
    pids = read_pids(home.state)
    try:
        with Client(home.state, 5) as client:
            status = client.call(op="status")
    except (AgentDown, TimeoutError, AgentError):
        state = "stopped" if home.held.exists() else "down"
        status = {
            "relay": {"url": pids.get("url"), "state": "unknown"},
            "agent": {"pid": None, "state": state},
            "thread": {"id": None, "seq": None, "head": None},
        }
    status["relay"] = {"pid": pids.get("relay"), **status["relay"]}
    if as_json:
        print_json(status)
    else:
        typer.echo(f"relay   {status['relay']['state']:<12} {status['relay']['url'] or ''}")
        typer.echo(
            f"agent   {status['agent']['state']:<12} {'pid ' + str(status['agent']['pid']) if status['agent']['pid'] else ''}"
        )
        typer.echo(f"thread  {status['thread']['id'] or 'unknown':<12} {status['thread']['seq'] or 0} entries")
    if status["agent"]["pid"] is None:
        if not as_json:
            typer.echo("Start it: `deskhand agent start` while `deskhand up` runs, else `deskhand up`.", err=True)
        raise typer.Exit(EXIT_UNREACHABLE)
