"""Live text and steps of one run, at most 20 text frames a second."""

from __future__ import annotations

import asyncio

from agent.desk.ports import Computer, ThreadPort
from agent.desk.post import shorten
from agent.thread.live import LiveStep, LiveText

FLUSH_S = 0.05
PIECE_CHARS = 8_000
"""Text of one frame; some servers send a whole answer at once."""
SHOWN_CHARS = 300


class LiveRun:
    """Shows what one conversation with the brain says and does."""

    def __init__(self, thread: ThreadPort, computer: Computer, in_reply_to: str, task: str | None) -> None:
        self._thread = thread
        self._in_reply_to = in_reply_to
        self._task = task
        self._stream = computer.new_id()
        self._steps = computer.new_id()
        self._offset = 0
        self._pending = ""
        self._timer: asyncio.TimerHandle | None = None

    def text(self, offset: int, text: str) -> None:
        """Text of the brain; the first piece is shown at once, what follows in small heaps."""
        text = text.encode(errors="replace").decode()  # halves of characters cannot be sent
        if offset == 0:
            self._flush()
            self._offset = 0
            self._pending = text
            self._flush()
            return
        self._pending += text
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._pending:
            piece, self._pending = self._pending[:PIECE_CHARS], self._pending[PIECE_CHARS:]
            body = LiveText(
                type="text", in_reply_to=self._in_reply_to, task=self._task, offset=self._offset, text=piece
            )
            self._offset += len(piece)
            self._thread.live(body, stream=self._stream)

    def step(self, step: str, tool: str, title: str, state: str, detail: str | None) -> None:
        """A tool call begins, goes on or ends."""
        if self._task is None:
            return
        body = LiveStep.model_validate(
            {
                "type": "step",
                "task": self._task,
                "step": step,
                "tool": tool,
                "title": shorten(title, SHOWN_CHARS),
                "state": state,
                "detail": None if detail is None else shorten(detail, SHOWN_CHARS),
            }
        )
        self._thread.live(body, stream=self._steps, keep=True)

    def waiting(self, text: str) -> None:
        """Say why nothing moves."""
        self.step(self._steps, "brain", text, "running", None)
