"""One tool call: intent → policy → (ask) → start → execute → result, each fsynced (agent.md §2, §5)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from agent.core.policy import CHANGE_SCOPES, FOLDER_SCOPES, FOLDER_TOOL, decide
from agent.core.ports import Op, OutsideGrant, Planned, Tool, ToolError, ToolOutput, Touch, Workspace
from agent.desk.post import rfc3339
from agent.desk.room import Room
from agent.desk.workspace import TaskWorkspace, Workspaces
from agent.journal.records import AskRecord, Call
from agent.thread.entries import Ask
from agent.thread.parts import Action, Change
from relay.protocol.errors import Malformed
from relay.protocol.ids import canonical_json

MAX_CHANGES_SHOWN = 400
"""Most changes one approval may hold; a larger plan must be split, so that it can be read in full."""

ALREADY = "This step was interrupted and could not be told done from not done."


class Parked(Exception):
    """The task waits for the person; it goes on after the answer."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class FileRecords(Protocol):
    """What calls need of the file journal."""

    def created_by(self, task: str) -> set[Path]:
        """Files the task made."""


Step = Callable[[str, str, str, str, str | None], None]
"""(step id, tool, title, state, detail): shows a step live."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back to the brain."""

    text: str
    failed: bool = False


class Calls:
    """Runs tool calls of a task or of the front desk."""

    def __init__(
        self,
        room: Room,
        files: FileRecords,
        workspaces: Workspaces,
    ) -> None:
        self._room = room
        self._files = files
        self._workspaces = workspaces

    async def run(self, run: str, block: Mapping[str, Any], tool: Tool | None, show: Step) -> Outcome:
        """Run one tool_use block to its result, or raise `Parked` where a person must decide first.

        A call whose result is in the journal is not run again.
        """
        call = self.intend(run, block)
        if call.state == "result":
            return Outcome(call.output, call.failed)
        if block.get("malformed"):
            return self._close(call, ToolOutput("The input was not a JSON object. Call the tool again.", failed=True))
        if tool is None:
            return self._close(call, ToolOutput(f"There is no tool named {call.tool}.", failed=True))
        answered = self._verdict(call)
        if isinstance(answered, ToolOutput):
            return self._close(call, answered)
        try:
            workspace = self._workspaces.open(run, call.id, self._folders(run))
            planned = await asyncio.to_thread(tool.prepare, call.input, workspace)
            foreign = self._check(run, call, planned, workspace)
            return await self._execute(call, tool, planned, foreign, workspace, show)
        except ToolError as error:
            if isinstance(error, OutsideGrant) and self._is_task(run):
                self._ask_for_folder(run, call, error)
                raise Parked("approval") from error
            show(call.id, call.tool, call.title or call.tool, "failed", str(error))
            return self._close(call, ToolOutput(str(error), failed=True))

    def intend(self, run: str, block: Mapping[str, Any]) -> Call:
        """The call of a tool_use block, written down before anything happens."""
        with self._room.engine.begin() as tx:
            found = self._room.journal.calls.find(tx, run, block["id"])
            if found is not None:
                return found
            call = Call(
                self._room.computer.new_id(), run, block["id"], block["name"], dict(block["input"]), block["name"],
                "intent", at=rfc3339(self._room.computer.now()),
            )  # fmt: skip
            self._room.journal.calls.intend(tx, call)
            return call

    def _verdict(self, call: Call) -> ToolOutput | None:
        """What an answered ask of this call means; None: go on."""
        with self._room.engine.begin() as tx:
            ask = self._room.journal.asks.latest_for(tx, call.id)
            if ask is None or ask.state == "withdrawn":
                return None
            if ask.state == "open":
                raise Parked(ask.kind)
            said = f" They said: {ask.text}" if ask.text else ""
            match ask.verdict:
                case "deny":
                    return ToolOutput(f"The person denied this.{said} Nothing was changed by it.", failed=True)
                case "text":
                    return ToolOutput(ask.text or "")
                case "skip":
                    return ToolOutput(f"{ALREADY} The person chose to go on without it.", failed=True)
                case "check":
                    return ToolOutput(f"{ALREADY} Look at what is there before you go on.", failed=True)
                case _:
                    self._remember_consent(tx, call, ask)
                    return None

    def answer_of(self, call: Call) -> Outcome | None:
        """The outcome of a question that was answered; None where it was not asked yet. Raises `Parked`."""
        answered = self._verdict(call)
        return self._close(call, answered) if isinstance(answered, ToolOutput) else None

    def _remember_consent(self, tx: Connection, call: Call, ask: AskRecord) -> None:
        now = rfc3339(self._room.computer.now())
        task = None if ask.scope == "always" else call.run
        folder = ask.action.get("folder")
        if ask.action.get("tool") == FOLDER_TOOL and folder and not self._has_folder(tx, call.run, folder):
            self._room.journal.grants.add(tx, self._room.computer.new_id(), "folder", folder, task, now)
        elif ask.scope == "task":
            self._room.journal.grants.add(tx, self._room.computer.new_id(), "changes", "", call.run, now)
        self._room.journal.calls.change(tx, call.id, approved=ask.digest)

    def _is_task(self, run: str) -> bool:
        """Whether the run can wait for a person; the front desk cannot, it must stay free."""
        with self._room.engine.begin() as tx:
            return self._room.journal.tasks.get(tx, run) is not None

    def _has_folder(self, tx: Connection, run: str, folder: str) -> bool:
        return any(grant["folder"] == folder for grant in self._room.journal.grants.of(tx, run))

    def _folders(self, run: str) -> list[Path]:
        with self._room.engine.begin() as tx:
            grants = self._room.journal.grants.of(tx, run)
        return [Path(grant["folder"]) for grant in grants if grant["kind"] == "folder"]

    def _check(self, run: str, call: Call, planned: Planned, workspace: Workspace) -> frozenset[Path]:
        """The files of others it may change.

        Opens an ask and raises `Parked` where the policy wants one and this very action has no consent.
        """
        with self._room.engine.begin() as tx:
            stored = self._room.journal.calls.get(tx, call.id)
            grants = self._room.journal.grants.of(tx, run)
            before = {Path(path) for path in self._room.journal.calls.foreign(tx, run)}
        allowed = any(grant["kind"] == "changes" for grant in grants)
        decision = decide(planned, self._files.created_by(run), before, allowed=allowed)
        if decision.level < 2:  # noqa: PLR2004 - the levels of agent.md §5
            return decision.foreign
        digest = action_digest(call, planned)
        if stored is not None and stored.approved == digest:
            return decision.foreign
        if len(planned.touches) > MAX_CHANGES_SHOWN:
            raise ToolError(
                f"{len(planned.touches)} changes are too many for one approval. "
                f"Do at most {MAX_CHANGES_SHOWN} in one call."
            )
        action = Action(
            title=planned.title,
            tool=call.tool,
            reads=[workspace.display(path) for path in planned.reads],
            changes=[_change(touch, workspace) for touch in planned.touches],
        )
        self._open_ask(run, call, Ask(
            id=self._room.computer.new_id(), type="ask", task=run, kind="approval", level=decision.level, action=action,
            digest=digest, reversible=True, scopes=list(CHANGE_SCOPES),
        ))  # fmt: skip
        raise Parked("approval")

    def _ask_for_folder(self, run: str, call: Call, outside: OutsideGrant) -> None:
        verb = "change" if outside.write else "read"
        action = Action(title=f"Use the folder {outside.folder}", tool=FOLDER_TOOL, folder=str(outside.folder),
                        reads=[] if outside.write else [str(outside.folder)],
                        writes=[str(outside.folder)] if outside.write else [])  # fmt: skip
        digest = hashlib.sha256(canonical_json(["folder", verb, str(outside.folder)])).hexdigest()
        self._open_ask(run, call, Ask(
            id=self._room.computer.new_id(), type="ask", task=run, kind="approval", level=2, action=action, digest=digest,
            reversible=False, scopes=list(FOLDER_SCOPES),
        ))  # fmt: skip

    def ask_person(self, run: str, call: Call, question: str, choices: list[str]) -> None:
        """Open a question; the caller raises `Parked`."""
        digest = hashlib.sha256(canonical_json([question, choices])).hexdigest()
        self._open_ask(run, call, Ask(
            id=self._room.computer.new_id(), type="ask", task=run, kind="question", level=0,
            action=Action(title=question, tool="ask_person"), digest=digest, reversible=True, choices=choices,
        ))  # fmt: skip

    def ask_in_doubt(self, run: str, call: Call) -> None:
        """Ask what to do about a call that may or may not have run."""
        digest = hashlib.sha256(canonical_json(["in_doubt", call.id])).hexdigest()
        self._open_ask(run, call, Ask(
            id=self._room.computer.new_id(), type="ask", task=run, kind="in_doubt", level=2,
            action=Action(title=call.title, tool=call.tool), digest=digest, reversible=False,
            choices=["check", "again", "skip"],
        ))  # fmt: skip

    def _open_ask(self, run: str, call: Call, ask: Ask) -> None:
        record = AskRecord(
            ask.id, run, call.id, ask.kind, ask.level, ask.digest,
            ask.action.model_dump(mode="json", exclude_none=True), None, None, "open", None, None, None,
        )  # fmt: skip
        try:
            with self._room.engine.begin() as tx:
                self._room.journal.asks.add(tx, record)
                self._room.post.ask(tx, ask)
        except Malformed:
            raise ToolError("This is too long for a person to read in one ask. Do or say less in one call.") from None
        self._room.thread.committed()

    async def _execute(
        self,
        call: Call,
        tool: Tool,
        planned: Planned,
        foreign: frozenset[Path],
        workspace: TaskWorkspace,
        show: Step,
    ) -> Outcome:
        touched = sorted(str(path) for path in foreign)
        with self._room.engine.begin() as tx:
            self._room.journal.calls.change(tx, call.id, state="start", title=planned.title, foreign=touched)
        show(call.id, call.tool, planned.title, "running", None)

        loop = asyncio.get_running_loop()

        def progress(text: str) -> None:
            loop.call_soon_threadsafe(show, call.id, call.tool, planned.title, "running", text)

        output = await asyncio.to_thread(tool.execute, call.input, workspace.bound(planned), progress)
        show(call.id, call.tool, planned.title, "failed" if output.failed else "ok", None)
        return self._close(call, output)

    def _close(self, call: Call, output: ToolOutput) -> Outcome:
        with self._room.engine.begin() as tx:
            self._room.journal.calls.change(
                tx, call.id, state="result", output=output.text, failed=output.failed,
                files=[str(path) for path in output.files], not_done=list(output.not_done),
            )  # fmt: skip
        return Outcome(output.text, output.failed)


def action_digest(call: Call, planned: Planned) -> str:
    """SHA-256 over the tool, its whole input and the exact changes with the content they start from."""
    touches = [
        [touch.op, ascii(str(touch.path)), ascii(str(touch.to or "")), _fingerprint(touch)] for touch in planned.touches
    ]
    return hashlib.sha256(canonical_json([call.tool, call.input, touches])).hexdigest()


def _fingerprint(touch: Touch) -> str:
    if touch.op is Op.CREATE:
        return ""
    try:
        with touch.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _change(touch: Touch, workspace: Workspace) -> Change:
    before = workspace.display(touch.path)
    match touch.op:
        case Op.CREATE:
            return Change(op="add", after=before)
        case Op.OVERWRITE:
            return Change(op="change", before=before, after=before)
        case Op.MOVE:
            return Change(op="move", before=before, after=workspace.display(touch.to or touch.path))
        case Op.TRASH:
            return Change(op="remove", before=before)
