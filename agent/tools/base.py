"""What all tools share: input that is checked and described once, errors that become texts, a workbench."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agent import beneath
from agent.core.ports import Planned, Progress, ToolError, ToolOutput, ToolSpec, Workspace
from agent.tools.names import shown


class Input(BaseModel):
    """Base of all inputs: nothing unknown is accepted, so that a mistyped name is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


InputT = TypeVar("InputT", bound=Input)


class BaseTool(ABC, Generic[InputT]):
    """A tool whose input is a model: `plan` and `run` get it checked, and an `OSError` of theirs becomes a text."""

    name: ClassVar[str]
    description: ClassVar[str]
    input: type[InputT]

    @property
    def spec(self) -> ToolSpec:
        """Name, description and input schema."""
        return ToolSpec(self.name, self.description, schema(self.input))

    def prepare(self, call: Mapping[str, Any], workspace: Workspace) -> Planned:
        """See `agent.core.ports.Tool`."""
        with _texts():
            return self.plan(self._checked(call), workspace)

    def execute(self, call: Mapping[str, Any], workspace: Workspace, progress: Progress) -> ToolOutput:
        """See `agent.core.ports.Tool`."""
        with _texts():
            return self.run(self._checked(call), workspace, progress)

    @abstractmethod
    def plan(self, wanted: InputT, workspace: Workspace) -> Planned:
        """Say what would be done, changing nothing."""

    @abstractmethod
    def run(self, wanted: InputT, workspace: Workspace, progress: Progress) -> ToolOutput:
        """Do it."""

    def _checked(self, call: Mapping[str, Any]) -> InputT:
        try:
            return self.input.model_validate(dict(call))
        except ValidationError as error:
            raise ToolError(f"{self.name}: {'; '.join(map(_complaint, error.errors()))}.") from None


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of ``model`` without titles, references and null: the plain subset that every brain reads."""
    full = model.model_json_schema()
    clean: dict[str, Any] = _plain(full, full.get("$defs", {}))
    return clean


def find_file(workspace: Workspace, name: str) -> Path:
    """An existing file. Raises `ToolError` for a folder."""
    path = workspace.find(name)
    if path.is_dir():
        raise ToolError(f"{workspace.display(path)} is a folder. Name a file in it; list_files shows them.")
    return path


@contextmanager
def workbench(workspace: Workspace) -> Iterator[Path]:
    """A folder in scratch for one call, removed afterwards."""
    with tempfile.TemporaryDirectory(dir=workspace.scratch, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _texts() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = Path(str(error.filename)).name if error.filename else "the file"
        raise ToolError(beneath.explain(error, shown(name))) from error


def _complaint(error: Any) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    match error["type"]:
        case "missing":
            return f"`{where}` is missing"
        case "extra_forbidden":
            return f"`{where}` is not an input of this tool"
        case _:
            text = error["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
            return f"`{where}` {text}" if where else text


def _plain(node: Any, shared: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, shared) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = shared[node["$ref"].rsplit("/", 1)[1]]
        return _plain({**target, **{key: value for key, value in node.items() if key != "$ref"}}, shared)
    if "anyOf" in node:
        choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        rest = {key: value for key, value in node.items() if key != "anyOf" and value is not None}
        if len(choices) == 1:
            return _plain({**choices[0], **rest}, shared)
        return {**_plain(rest, shared), "anyOf": _plain(choices, shared)}
    plain: dict[str, Any] = {}
    for key, value in node.items():
        if key in {"title", "$defs"}:
            continue
        if key == "properties":
            plain[key] = {name: _plain(item, shared) for name, item in value.items()}
        elif key in {"default", "enum", "const", "required"}:
            plain[key] = value
        else:
            plain[key] = _plain(value, shared)
    return plain
