"""What the command line may ask of the running agent. What it changes goes through the thread like a phone's word."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.control import Handler, Peer, Problem
from agent.desk.outcome import FINISHED, Outcome, of_message
from agent.desk.ports import Computer, Received
from agent.desk.thread import received
from agent.journal.records import AskRecord
from agent.link.devices import NoSuchDevice
from agent.link.http import NotARelay, RelayUnreachable
from agent.link.pairing import Pairing, PairingOver
from agent.thread.entries import Answer, Ask, Body, Message, RequestUndo, Stop, dump_body
from agent.thread.mirror import StoredEntry
from agent.thread.parts import DEFAULT_EXPIRY_S, File
from relay.protocol.errors import Malformed, Refused

if TYPE_CHECKING:
    from agent.app import Agent

PAGE = 500
REMOVE_S = 20.0
STORED_WITHIN_S = 3.0
"""How long `send` waits for the relay's ack before it says "queued" instead of "stored"."""


class Commands:
    """Handlers of the control socket, by the name of their op."""

    def __init__(self, agent: Agent, computer: Computer) -> None:
        self._agent = agent
        self._computer = computer
        self._moved = asyncio.Event()
        self.ended = asyncio.Event()

    def handlers(self) -> dict[str, Handler]:
        """All handlers."""
        return {
            "status": self._status,
            "send": self._send,
            "outcome": self._outcome,
            "log": self._log,
            "tasks": self._tasks,
            "task_message": self._task_message,
            "asks": self._asks,
            "answer": self._answer,
            "undo": self._undo,
            "stop": self._stop,
            "devices": self._devices,
            "remove_device": self._remove_device,
            "pair": self._pair,
            "shutdown": self._shutdown,
        }

    def seen(self, _entries: Sequence[StoredEntry]) -> None:
        """Entries arrived; they count once committed."""

    def committed(self) -> None:
        """Wake all who wait for the thread to move."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def _status(self, _peer: Peer, _request: dict[str, Any]) -> dict[str, Any]:
        known, state = self._agent.mirror.known, self._agent.link.state
        frozen = self._agent.mirror.frozen
        return {
            "relay": {
                "url": self._agent.identity.relay_url,
                "state": state.kind,
                "reason": state.reason,
                "next": state.next,
            },
            "agent": {"pid": os.getpid(), "state": "frozen" if frozen else "running", "reason": str(frozen or "")},
            "thread": {"id": known.thread, "seq": known.seq, "head": known.head},
            "keys": self._agent.keys.where,
        }

    async def _send(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        text = str(request["text"])
        files = [await asyncio.to_thread(self._attach, Path(name)) for name in request.get("files", [])]
        if not text.strip() and not files:
            raise Problem("There is nothing to send.", "Give a text or a file.", "usage")
        message = Message(
            id=str(request.get("id") or self._computer.new_id()), type="message", via="terminal", text=text,
            files=files, expires_in_s=int(request.get("expires_in_s") or DEFAULT_EXPIRY_S),
        )  # fmt: skip
        self._say(message)
        deadline = time.monotonic() + STORED_WITHIN_S
        while (made := self._read(message.id)).seq is None and self._connected() and time.monotonic() < deadline:
            await self._wait(deadline)
        return made.to_json()

    def _attach(self, path: Path) -> File:
        """A file of the person's where the brain may read it: a copy in the first folder, unless it lies in one."""
        if not path.is_file():
            raise Problem(f"{path} is not a file.", "Check the name.", "usage")
        name = path.name.encode(errors="replace").decode()
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        try:
            with path.open("rb") as source:
                digest = hashlib.file_digest(source, "sha256").hexdigest()
                file = File(name=name, bytes=source.tell(), sha256=digest, mime=mime)
            inside = any(path.resolve().is_relative_to(root.resolve()) for root in self._agent.roots.roots)
            if inside and str(path).encode(errors="ignore") == os.fsencode(path):
                return file.model_copy(update={"path": str(path)})
            target = self._agent.place("", file)
            shutil.copyfile(path, target)
        except OSError as error:
            raise Problem(f"{path} could not be attached: {error.strerror}.", "Nothing was sent.", "usage") from error
        return file.model_copy(update={"path": str(target)})

    async def _outcome(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        """The outcome of a message; with ``wait`` once it needs no more waiting, at the latest after ``timeout``."""
        timeout = request.get("timeout")
        deadline = time.monotonic() + timeout if timeout is not None else None
        while True:
            made = self._read(str(request["id"]))
            if not request.get("wait") or made.state in FINISHED:
                return made.to_json()
            if deadline is not None and time.monotonic() >= deadline:
                return {**made.to_json(), "timed_out": True}
            await self._wait(deadline)

    def _read(self, message: str) -> Outcome:
        start = self._agent.mirror.by_body_id(message)
        if start is None:
            return Outcome(message)
        items: list[Received] = []
        after = start.seq - 1
        while entries := self._agent.mirror.entries(after, PAGE):
            items += [item for entry in entries if (item := received(entry)) is not None]
            after = entries[-1].seq
        return of_message(message, items)

    async def _log(self, peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        """Genuine entries after a seq, one event each; with ``follow`` for ever."""
        after = int(request.get("after") or 0)
        while True:
            moved = self._moved
            while entries := self._agent.mirror.entries(after, PAGE):
                for entry in entries:
                    if entry.body is not None:
                        await peer.event(entry=_line(entry, entry.body))
                after = entries[-1].seq
            if not request.get("follow"):
                return {"seq": after}
            await moved.wait()

    async def _tasks(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        with self._agent.engine.begin() as tx:
            tasks = self._agent.desk.journal.tasks.all(tx, limit=int(request.get("limit") or 50))
        return {
            "tasks": [
                {
                    "id": task.id, "title": task.title, "state": task.state, "message": task.in_reply_to,
                    "reason": task.reason, "usd": task.usage.usd, "seconds": round(task.seconds, 1),
                }
                for task in tasks
            ]
        }  # fmt: skip

    async def _task_message(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        """The message a task answers."""
        return {"message": self._task(str(request["task"])).in_reply_to}

    async def _asks(self, _peer: Peer, _request: dict[str, Any]) -> dict[str, Any]:
        with self._agent.engine.begin() as tx:
            asks = self._agent.desk.journal.asks.open(tx)
        return {
            "asks": [
                {
                    "id": ask.id, "task": ask.task, "kind": ask.kind, "level": ask.level, "action": ask.action,
                    "digest": ask.digest, "choices": self._choices(ask), "seq": ask.seq,
                }
                for ask in asks
            ]
        }  # fmt: skip

    def _choices(self, ask: AskRecord) -> list[str]:
        entry = self._agent.mirror.by_body_id(ask.id)
        return entry.body.choices if entry is not None and isinstance(entry.body, Ask) else []

    def _open_ask(self, name: str) -> AskRecord:
        with self._agent.engine.begin() as tx:
            found = [ask for ask in self._agent.desk.journal.asks.open(tx) if name and ask.id.startswith(name)]
        if len(found) != 1:
            raise Problem("There is no such open ask.", "`deskhand ask list` shows the open ones.", "not_found")
        return found[0]

    async def _answer(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + STORED_WITHIN_S
        while (ask := self._open_ask(str(request["ask"]))).seq is None and time.monotonic() < deadline:
            await self._wait(deadline)
        if ask.seq is None or ask.hash is None:
            raise Problem(
                "This ask is not in the thread yet: the relay is away.", "Try again when it is back.", "offline"
            )
        in_words = request["verdict"] == "text" and ask.kind == "in_doubt"
        try:
            answer = Answer.model_validate(
                {
                    "id": self._computer.new_id(),
                    "type": "answer",
                    "via": "terminal",
                    "ask_seq": ask.seq,
                    "ask_hash": ask.hash,
                    "verdict": request["text"] if in_words else request["verdict"],
                    "scope": request.get("scope"),
                    "text": request.get("text"),
                    "reason": request.get("reason"),
                }
            )
        except ValueError as error:
            raise Problem("This is no answer to that ask.", "`deskhand ask --help` shows how to answer.") from error
        self._say(answer)
        return await self._receipt(answer.id, lambda: self._closed(ask.seq))

    async def _undo(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        task = self._task(str(request["task"]))
        body = RequestUndo(id=self._computer.new_id(), type="request.undo", via="terminal", task=task.id)
        self._say(body)
        await self._receipt(body.id, lambda: False)
        done = self._agent.mirror.latest("undo.done")
        return {} if done is None or done.body is None else dump_body(done.body)

    async def _stop(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        task = None if request.get("all") else self._task(str(request["task"])).id
        self._say(
            Stop(id=self._computer.new_id(), type="stop", via="terminal", task=task, all=bool(request.get("all")))
        )
        return {}

    async def _devices(self, _peer: Peer, _request: dict[str, Any]) -> dict[str, Any]:
        me = self._agent.identity.device_id
        return {
            "devices": [
                {
                    "id": device.member.id, "name": device.name, "role": device.member.role,
                    "scopes": sorted(device.member.scopes), "this": device.member.id == me,
                    "removed": device.member.to_seq is not None,
                }
                for device in self._agent.mirror.devices()
            ]
        }  # fmt: skip

    async def _remove_device(self, _peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        self._need_relay()
        try:
            async with asyncio.timeout(REMOVE_S):
                await self._agent.remove_device(str(request["device"]))
        except TimeoutError as error:
            raise Problem(
                "The relay did not confirm it in time.", "`deskhand devices list` shows how it ended.", "offline"
            ) from error
        except NoSuchDevice as error:
            raise Problem(str(error), "`deskhand devices list` shows their ids.", "not_found") from error
        return {"removed": request["device"]}

    async def _pair(self, peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
        """Events: link, then device; the command line sends ``digits`` unless ``open`` was asked for."""
        self._need_relay()
        agent = self._agent
        identity = replace(agent.identity, relay_url=agent.public_url)
        pairing = Pairing(identity, agent.keys, agent.http, agent.devices, digits=not request.get("open"))
        try:
            await peer.event(link=await pairing.start())
            device = await pairing.wait_for_device()
            if request.get("open"):
                return {"paired": device}
            await peer.event(device=device)
            digits = str((await peer.receive()).get("digits", ""))
            if not await pairing.confirm(digits):
                raise Problem("The digits are not those on the device.", "Nothing was paired. Start again.", "refused")
        except PairingOver as over:
            code = "expired" if pairing.state == "expired" else "refused"
            raise Problem(str(over), "Start again with `deskhand pair`.", code) from over
        except (RelayUnreachable, NotARelay, Refused, NoSuchDevice) as error:
            raise Problem(str(error), "Then start again with `deskhand pair`.", "offline") from error
        finally:
            await pairing.cancel()
        return {"paired": device}

    async def _shutdown(self, _peer: Peer, _request: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().call_soon(self.ended.set)
        return {}

    def _say(self, body: Body) -> None:
        try:
            with self._agent.engine.begin() as tx:
                self._agent.outbox.put(tx, body)
        except Malformed as error:
            raise Problem(str(error), "Put long texts into a file and attach it.", "too_large") from error
        self._agent.link.notify()

    def _task(self, name: str) -> Any:
        with self._agent.engine.begin() as tx:
            found = [task for task in self._agent.desk.journal.tasks.all(tx) if task.id.startswith(name)]
        if len(found) != 1 or not name:
            raise Problem(f"There is no task {name}.", "`deskhand tasks` shows them.", "not_found")
        return found[0]

    def _connected(self) -> bool:
        return self._agent.link.state.kind == "connected"

    def _need_relay(self) -> None:
        if not self._connected():
            raise Problem("The relay cannot be reached right now.", "`deskhand status` shows why.", "offline")

    async def _wait(self, deadline: float | None) -> None:
        """Until the thread moves, or the deadline."""
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            await asyncio.wait_for(self._moved.wait(), left)
        except TimeoutError:
            return

    async def _receipt(self, request: str, settled: Any) -> dict[str, Any]:
        """Wait for the final receipt of a request, or until ``settled()``. Raises `Problem` where it was refused."""
        self._need_relay()
        while True:
            kinds = {item["kind"]: item for item in self._receipts(request)}
            if "refused" in kinds:
                raise Problem(str(kinds["refused"].get("reason") or "It was refused."), "See `deskhand tasks`.")
            if "answered" in kinds or settled():
                return {}
            await self._wait(time.monotonic() + 1)

    def _receipts(self, request: str) -> list[dict[str, Any]]:
        start = self._agent.mirror.by_body_id(request)
        if start is None:
            return []
        entries = self._agent.mirror.entries(start.seq, PAGE, types=("receipt",))
        return [
            dump_body(entry.body) for entry in entries if entry.body is not None and entry.body_raw["target"] == request
        ]

    def _closed(self, seq: int | None) -> bool:
        with self._agent.engine.begin() as tx:
            ask = self._agent.desk.journal.asks.at_seq(tx, seq or 0)
        return ask is None or ask.state != "open"


def _line(entry: StoredEntry, body: Body) -> dict[str, Any]:
    said = dump_body(body)
    kind, name = said.pop("type"), said.pop("id")
    return {"seq": entry.seq, "at": entry.at, "device": entry.device, "type": kind, "id": name, **said}
