"""What a job has at hand while it is told: the wish, the tools, the plan, and ways to ask the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.model.rehearsal.conversation import TaskRequest
from agent.model.rehearsal.listing import Listing
from agent.model.rehearsal.turn import Call, Result, Steps, Turn
from agent.model.rehearsal.understand import Wish
from agent.model.rehearsal.words import best_match, squashed

MAX_CHOICES = 8
"""Choices of one question: more do not fit a phone."""


class GaveUp(Exception):
    """The job cannot go on. The text is the result; ``not_done`` goes into its ledger."""

    def __init__(self, text: str, *not_done: str) -> None:
        super().__init__(text)
        self.not_done = not_done


class Denied(GaveUp):
    """The person said no."""


class Work:
    """One task's job. ``call`` and its kin are steps: use them with ``yield from``."""

    def __init__(self, request: TaskRequest, wish: Wish) -> None:
        self.wish = wish
        self.files = request.files
        self.listing: Listing | None = None
        self._tools = request.tools
        self._written_before = {str(call.input["path"]) for call in request.earlier if "path" in call.input}
        self._plan: tuple[str, ...] = ()
        self._now = 0
        self._shown = True
        self._text = ""

    def plan(self, *steps: str) -> None:
        """Set the plan; its first step is under way. It is shown with the next call."""
        self._plan, self._now, self._shown = steps, 0, False

    def next(self) -> None:
        """The plan's step under way is done."""
        self._now += 1
        self._shown = False

    def say(self, text: str) -> None:
        """Say something before the next call."""
        self._text = text

    def written_before(self, path: str) -> bool:
        """Whether this task made or changed ``path`` before the person's last word."""
        return path in self._written_before

    def call(self, name: str, **given: Any) -> Steps[Result]:
        """Call a tool; an input of None is left out. A failure is a result."""
        results = yield from self.calls(Call(name, {key: value for key, value in given.items() if value is not None}))
        return results[0]

    def calls(self, *calls: Call) -> Steps[list[Result]]:
        """Call tools in one turn."""
        for call in calls:
            if call.name not in self._tools:
                raise GaveUp(f"This needs the tool {call.name}, which is not offered here, so nothing was done.")
        extra = self._plan_call()
        results = yield Turn(self._text, (*extra, *calls))
        self._text = ""
        return results[len(extra) :]

    def must(self, name: str, **given: Any) -> Steps[str]:
        """Call a tool the job cannot do without. Raises `GaveUp` with the tool's own words."""
        result = yield from self.call(name, **given)
        if result.failed:
            if "denied" in result.text.lower():
                raise Denied(f"You said no, so I left it: {result.text.strip()}", f"{name}: denied by you")
            raise GaveUp(f"I could not do this. {result.text.strip()}", f"{name}: {result.text.strip()}")
        return result.text

    def finish_plan(self) -> Steps[None]:
        """Show every step as done."""
        if self._plan:
            self._now, self._shown = len(self._plan), False
            if extra := self._plan_call():
                yield Turn(calls=extra)

    def skip_plan(self) -> Steps[None]:
        """Show the step under way and those after it as skipped."""
        if self._plan and "update_plan" in self._tools:
            yield Turn(calls=(self._plan_input("skipped", "skipped"),))

    def not_done(self, *items: str) -> Steps[None]:
        """Put lines into the result's ledger."""
        if items and "note_not_done" in self._tools:
            yield Turn(calls=(Call("note_not_done", {"items": list(items)}),))

    def ask(self, question: str, choices: Sequence[str] = ()) -> Steps[str]:
        """Ask the person; the choice they meant, or their own words. Raises `Denied` where they do not say."""
        shown = list(choices)[:MAX_CHOICES]
        result = yield from self.call("ask_person", question=question, choices=shown or None)
        answer = result.text.strip()
        if result.failed or not answer:
            raise Denied(f"I asked “{question}” and got no answer, so nothing was done. {answer}".strip(), question)
        chosen = next((choice for choice in choices if squashed(choice) == squashed(answer)), None)
        if chosen is None and (match := best_match(answer, [(choice, choice) for choice in choices])):
            chosen = match.best
        return chosen or answer

    def _plan_call(self) -> tuple[Call, ...]:
        if self._shown or "update_plan" not in self._tools:
            return ()
        self._shown = True
        return (self._plan_input("now", "todo"),)

    def _plan_input(self, current: str, later: str) -> Call:
        def state(number: int) -> str:
            return "done" if number < self._now else current if number == self._now else later

        steps = [{"text": text, "state": state(number)} for number, text in enumerate(self._plan)]
        return Call("update_plan", {"plan": steps})
