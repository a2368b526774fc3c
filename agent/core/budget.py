"""Bounds of one task, so that a confused brain cannot go on for ever (agent.md §5). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from agent.core.ports import Usage


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one task: money in US dollars, steps (tool calls), running minutes, equal failures in a row."""

    usd: float = 1.0
    steps: int = 120
    minutes: float = 30.0
    equal_failures: int = 3

    def exceeded(self, usage: Usage, steps: int, minutes: float) -> str | None:
        """What is used up, in words for a person; None while there is room."""
        if usage.usd is not None and usage.usd >= self.usd:
            return f"its budget of ${self.usd:.2f} is used up"
        if steps >= self.steps:
            return f"it took {steps} steps, the most a task may take"
        if minutes >= self.minutes:
            return f"it worked for {self.minutes:.0f} minutes, the longest a task may run"
        return None
