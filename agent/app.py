"""Composition root of the agent: opens the home, joins the parts, runs them until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from agent.commands import Commands
from agent.config import Config
from agent.control import serve
from agent.core.ports import Brain
from agent.database import open_database
from agent.desk.desk import Desk
from agent.desk.thread import AgentThread, received
from agent.desk.workspace import Workspaces
from agent.home.received import free_place
from agent.home.samples import make_desk
from agent.link.blobs import BlobTransfer
from agent.link.client import Link
from agent.link.devices import Devices
from agent.link.http import NotARelay, RelayHttp, RelayUnreachable, create_thread
from agent.link.keys import Identity, KeyStore
from agent.link.state import LinkState
from agent.model.client import MessagesBrain
from agent.model.rehearsal import RehearsalServer
from agent.permissions.undo import FileJournal
from agent.spool import read_spool
from agent.thread.live import LiveBody
from agent.thread.mirror import Mirror, StoredEntry
from agent.thread.outbox import Outbox, SetAside
from agent.thread.parts import File
from agent.tools.previews import preview
from agent.tools.registry import all_tools
from agent.tools.roots import Roots
from relay.protocol import frames
from relay.protocol.envelope import new_hex_id
from relay.protocol.errors import Refused

RETRY_S = 1.0
SPOOL_EVERY_S = 1.0
RECEIVED_FOLDER = "Received"
log = logging.getLogger(__name__)


class AlreadyRunning(RuntimeError):
    """Another agent of this home runs."""


class ThisComputer:
    """Clock, chance and name."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The computer's name."""
        return self._name

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def new_id(self) -> str:
        """128 random bits in hex."""
        return new_hex_id()


@contextlib.contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the lock of this home. Raises `AlreadyRunning`."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state / "agent.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning("An agent runs here already. `deskhand status` shows it.") from None
        yield


@contextlib.asynccontextmanager
async def open_brain(config: Config) -> AsyncIterator[Brain]:
    """The brain the settings name; the rehearsal brain where they name none."""
    if config.rehearsal:
        token = secrets.token_urlsafe(24)
        async with RehearsalServer(token) as server:
            brain = MessagesBrain(name="rehearsal", model="rehearsal", api_key=token, base_url=server.url)
            yield brain
            await brain.close()
    else:
        brain = MessagesBrain(
            name=config.model, model=config.model, api_key=config.api_key or "none", base_url=config.base_url
        )
        yield brain
        await brain.close()


def open_identity(config: Config, relay_url: str) -> tuple[KeyStore, Identity]:
    """Keys of this computer, made at the first start."""
    keys = KeyStore(config.home.state, keyring=config.keyring)
    identity = keys.load() or keys.create(relay_url, config.name)
    return keys, replace(identity, relay_url=relay_url.rstrip("/"), name=config.name)


class Agent:
    """One agent in one home."""

    def __init__(
        self, config: Config, relay_url: str, public_url: str, brain: Brain, *, on_ready: Callable[[], None]
    ) -> None:
        self._config = config
        self.public_url = public_url
        home = config.home
        make_desk(home.desk)
        self.keys, self.identity = open_identity(config, relay_url)
        self.engine = open_database(home.database)
        self.mirror = Mirror(self.engine, self.identity, self.keys.thread_keys)
        self.outbox = Outbox(self.identity, self.keys.thread_keys, self.mirror, lambda: datetime.now(UTC))
        self.http = RelayHttp(self.identity)
        scratch = home.state / "scratch"
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        blobs = BlobTransfer(self.http, self.identity.thread, scratch)
        self.thread = AgentThread(self.identity.thread, self.mirror, self.outbox, blobs)
        computer = ThisComputer(config.name)
        files = FileJournal(self.engine, home.state / "undo")
        self._roots = Roots(config.folders, [home.state])
        workspaces = Workspaces(config.folders, [home.state], files, scratch, self._halted)
        self.desk = Desk(
            self.engine, self.thread, computer, lambda: brain, {tool.spec.name: tool for tool in all_tools()}, files,
            workspaces, folders=config.folders, scratch=scratch, preview=preview, display=self._roots.display,
            place=self.place, remove_device=self.remove_device,
        )  # fmt: skip
        self.link = Link(
            self.identity, self.keys.thread_keys, self.mirror, self.outbox, self.engine, self.http,
            on_entries=self._on_entries, on_committed=self._on_committed, on_live=self._on_live,
            on_presence=self._on_presence, on_state=self._on_state, on_set_aside=self._on_set_aside,
        )  # fmt: skip
        self.thread.link = self.link
        self.devices = Devices(self.identity, self.keys, self.mirror, self.outbox, self.engine, self.link)
        self.commands = Commands(self, computer)
        self._on_ready: Callable[[], None] | None = on_ready
        self.opened = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        async with serve(self._config.home.state, self.commands.handlers()), asyncio.TaskGroup() as group:
            group.create_task(self._connect(), name="link")
            group.create_task(self.desk.run(), name="desk")
            group.create_task(self._watch_spool(), name="spool")
            group.create_task(self.commands.ended.wait(), name="end")
            await self.commands.ended.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    def _halted(self, run: str) -> bool:
        return self.desk.halted(run)

    def place(self, _message: str, file: File) -> Path:
        """A free name for a file that was sent along, in the first folder."""
        folder = self._config.home.desk / RECEIVED_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return free_place(folder, file.name)

    async def remove_device(self, device: str) -> None:
        """Shut a device out. Raises `NoSuchDevice`."""
        await self.devices.remove(device)

    @property
    def state_dir(self) -> Path:
        """The hidden folder."""
        return self._config.home.state

    @property
    def roots(self) -> Roots:
        """The granted folders."""
        return self._roots

    async def _connect(self) -> None:
        while True:
            try:
                await create_thread(
                    self.identity, self.mirror, self.outbox, self.engine, self.http, invite=self._config.invite
                )
                break
            except (RelayUnreachable, NotARelay) as error:
                log.warning("%s", error)
            except Refused as error:
                log.error("the relay does not take this computer: %s", error.message)  # noqa: TRY400
            await asyncio.sleep(RETRY_S)
        self.opened.set()
        await self.link.run()

    async def _watch_spool(self) -> None:
        while True:
            for message, done in read_spool(self._config.home.spool):
                with self.engine.begin() as tx:
                    self.outbox.put(tx, message)
                done()
                self.link.notify()
            await asyncio.sleep(SPOOL_EVERY_S)

    def _on_entries(self, tx: Connection, entries: Sequence[StoredEntry]) -> None:
        self.desk.take(tx, [item for entry in entries if (item := received(entry)) is not None])
        self.commands.seen(entries)

    def _on_committed(self) -> None:
        self.desk.committed()
        self.commands.committed()

    def _on_live(self, device: str, body: LiveBody) -> None:
        """Phones show nothing live that the computer needs."""

    def _on_presence(self, _devices: Sequence[frames.Present]) -> None:
        self.desk.show_status(again=True)

    def _on_state(self, state: LinkState) -> None:
        log.info("link: %s %s", state.kind, state.reason)
        if state.kind == "connected":
            self.desk.show_status(again=True)
            if self._on_ready is not None:
                self._on_ready()
                self._on_ready = None

    def _on_set_aside(self, tx: Connection, item: SetAside) -> None:
        self.desk.post.notice(
            tx,
            "not_taken",
            f"The thread did not take something this computer said: {item.reason}",
            "Nothing else is affected. `deskhand doctor` at the computer shows more.",
        )


def run_agent(config: Config, relay_url: str, public_url: str, on_ready: Callable[[], None]) -> None:
    """Run the agent until SIGTERM or SIGINT; ``public_url`` is what phones open. Raises `AlreadyRunning`, `KeysUnavailable`, `BadConfig`."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with open_brain(config) as brain:
            agent = Agent(config, relay_url, public_url, brain, on_ready=on_ready)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, agent.commands.ended.set)
            with contextlib.suppress(asyncio.CancelledError):
                await agent.run()

    with only_one(config.home.state):
        asyncio.run(main())
        # Tools run in threads that cannot be interrupted; what they would still do is refused by their workspace, and
        # everything that counts is on disk. Waiting for them would break the promise to end within three seconds.
        os._exit(0)
