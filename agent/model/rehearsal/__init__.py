"""The rehearsal brain: a Messages API server on a loopback port that needs no key.

It understands a small set of jobs in plain words and plans them with the tools it is offered; what it does not
understand it says. Nothing about any file is written into it: names come from listings, numbers from tool results.
A request goes server → wire → conversation → brain → (front_desk | task → job) and back as one turn.
"""

from agent.model.rehearsal.server import RehearsalServer

__all__ = ["RehearsalServer"]
