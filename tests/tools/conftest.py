"""A desk: a granted folder, a real journal, a real workspace."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.core.ports import Planned, ToolOutput
from agent.database import open_database
from agent.desk.workspace import TaskWorkspace
from agent.permissions.undo import FileJournal
from agent.tools.registry import all_tools

DATA = Path(__file__).parent.parent / "data"
TOOLS = {tool.spec.name: tool for tool in all_tools()}


class Crash(BaseException):
    """The agent ends here."""


@dataclass
class Desk:
    """What a test does: make files, use tools, crash, look."""

    folder: Path
    state: Path
    stopped: bool = False
    crash_at: str | None = None
    crash_after: int = 0
    now: float = 1_800_000_000.0
    calls: int = 0
    roots: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.roots = self.roots or [self.folder]
        self.engine = open_database(self.state / "agent.db")
        self.journal = self._journal()

    def _journal(self) -> FileJournal:
        return FileJournal(self.engine, self.state / "undo", now=lambda: self.now, watch=self._watch)

    def _watch(self, point: str) -> None:
        if point == self.crash_at:
            if self.crash_after == 0:
                raise Crash(point)
            self.crash_after -= 1

    def restart(self) -> None:
        self.crash_at = None
        self.journal = self._journal()

    def workspace(self, task: str = "task", call: str = "call") -> TaskWorkspace:
        scratch = self.state / "scratch" / task
        return TaskWorkspace(self.roots, [self.state], self.journal, task, call, scratch, lambda: self.stopped)

    def file(self, name: str, content: bytes | str = "text\n") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def copy(self, name: str) -> Path:
        return Path(shutil.copy(DATA / name, self.folder / name))

    def prepare(self, name: str, **call: Any) -> Planned:
        return TOOLS[name].prepare(call, self.workspace())

    def use(self, tool: str, call: Mapping[str, Any] | None = None, *, task: str = "task", **more: Any) -> ToolOutput:
        """Prepare and execute as the desk does: what was not announced cannot be done."""
        self.calls += 1
        workspace = self.workspace(task, f"call-{self.calls}")
        wanted = {**(call or {}), **more}
        planned = TOOLS[tool].prepare(wanted, workspace)
        return TOOLS[tool].execute(wanted, workspace.bound(planned), lambda _text: None)

    def snapshot(self) -> dict[str, tuple[bytes, int, int]]:
        """Every file with its bytes, time and mode."""
        return {
            str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def names(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "Desk", tmp_path / "state")


@pytest.fixture
def tools() -> Mapping[str, Any]:
    return TOOLS


@pytest.fixture
def crash() -> type[BaseException]:
    return Crash
