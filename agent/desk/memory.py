"""Memory: a Markdown text the person can read, edit and delete (agent.md §3). Its truth is the latest entry."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection

from agent.desk.ports import Computer, ThreadPort
from agent.journal.store import Journal
from agent.thread.entries import Memory, RequestMemory

FACT = "memory"
MAX_BYTES = 16 * 1024


class MemoryFile:
    """Reads and changes the memory, each change as one entry of the thread."""

    def __init__(self, journal: Journal, thread: ThreadPort, computer: Computer) -> None:
        self._journal = journal
        self._thread = thread
        self._computer = computer

    def text(self, tx: Connection) -> str:
        """The memory as it stands."""
        return self._journal.facts.get(tx, FACT) or ""

    def remember(self, tx: Connection, line: str) -> str:
        """Add one line; what is there already is not added again. Returns what to tell."""
        line = f"- {' '.join(line.split())}"
        old = self.text(tx)
        if line in old.splitlines():
            return "That is remembered already."
        text = f"{old.rstrip()}\n{line}\n".lstrip()
        if len(text.encode()) > MAX_BYTES:
            return "The memory is full (16 KiB). Forget something first."
        self._set(tx, text)
        return "Remembered."

    def forget(self, tx: Connection, words: str) -> str:
        """Delete the lines that contain these words. Returns what to tell."""
        wanted = " ".join(words.casefold().split())
        lines = self.text(tx).splitlines()
        gone = [line for line in lines if wanted and wanted in line.casefold()]
        kept = [line for line in lines if line not in gone]
        if not gone:
            return f"Nothing remembered contains “{words}”."
        self._set(tx, "\n".join(kept) + "\n" if kept else "")
        return "Forgotten: " + "; ".join(line.removeprefix("- ") for line in gone)

    def replace(self, tx: Connection, request: RequestMemory) -> str | None:
        """Take the person's edit, if it was made from the current text. Returns why not, else None."""
        if hashlib.sha256(self.text(tx).encode()).hexdigest() != request.base_sha256:
            return "The memory has changed since you opened it. Open it again."
        if len(request.text.encode()) > MAX_BYTES:
            return "The memory can hold 16 KiB. Shorten it."
        self._set(tx, request.text)
        return None

    def _set(self, tx: Connection, text: str) -> None:
        self._journal.facts.set(tx, FACT, text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._thread.put(tx, Memory(id=self._computer.new_id(), type="memory", text=text, sha256=digest))
