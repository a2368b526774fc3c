"""One story with `kill -9` in it: jobs are given from a phone and the terminal while relay and agent die at random.

Afterwards: every accepted message ran exactly once, both devices hold the same entries in the same order, and every
file was changed once.
"""

from __future__ import annotations

import random
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.story.home import Home, eventually
from tests.story.living_phone import LivingPhone
from tests.story.messages_server import Answer, MessagesServer, is_front_desk, last_text, messages_server

JOBS = 6
KILLS = 4


def one_line_per_job(request: dict[str, Any]) -> Answer:
    """A brain that adds one line to the file of each job."""
    said = last_text(request)
    if is_front_desk(request):
        if "tool_result" in said:
            return Answer("On it.")
        number = re.findall(r"job (\d+)", said)[-1]
        return Answer(calls=(("start_task", {"title": f"Job {number}", "brief": f"Do job {number}."}),))
    if len(request["messages"]) > 1:
        return Answer("The line is there.")
    number = re.findall(r"job (\d+)", said)[-1]
    change = {"path": f"job {number}.md", "old": "END", "new": f"- job {number}\nEND"}
    return Answer(calls=(("edit_file", change),))


@dataclass(frozen=True)
class Outcome:
    """What a round saw."""

    kills: int
    entries: int
    seconds: float


def crash_round(folder: Path, seed: int) -> Outcome:
    """One round; raises `AssertionError` where a promise is broken."""
    chance = random.Random(seed)
    started = time.monotonic()
    with messages_server() as brain:
        brain.script = one_line_per_job
        home = Home(folder, {"ANTHROPIC_BASE_URL": brain.url, "ANTHROPIC_API_KEY": "made-up"})
        try:
            home.start()
            return _round(home, brain, chance, started)
        finally:
            home.close()


def _round(home: Home, brain: MessagesServer, chance: random.Random, started: float) -> Outcome:
    for number in range(1, JOBS + 1):
        (home.desk / f"job {number}.md").write_text("END\n")
    phone = LivingPhone(home).pair()
    try:
        messages: dict[str, int] = {}
        killer = threading.Thread(target=_kill_at_random, args=(home, chance))
        killer.start()
        for number in range(1, JOBS + 1):
            if chance.random() < 0.5:
                messages[phone.send(f"job {number}")] = number
            else:
                messages[home.json("send", f"job {number}")["id"]] = number
            time.sleep(chance.random() * 0.3)
        killer.join()
        for message in messages:
            _answered(home, message)
        _check(home, phone, messages)
        return Outcome(KILLS, home.log()[-1]["seq"], round(time.monotonic() - started, 1))
    finally:
        phone.close()


def _kill_at_random(home: Home, chance: random.Random) -> None:
    for _ in range(KILLS):
        time.sleep(0.1 + chance.random() * 0.9)
        for which in chance.choice([["relay"], ["agent"], ["relay", "agent"]]):
            home.kill(which)


def _answered(home: Home, message: str) -> None:
    def state() -> bool:
        done = home.run("log", "--json", check=None)
        return any(f'"target": "{message}", "kind": "answered"' in line for line in done.stdout.splitlines())

    eventually(state, f"{message} is answered", 90)


def _check(home: Home, phone: LivingPhone, messages: dict[str, int]) -> None:
    log = home.log()
    end = log[-1]["seq"]
    eventually(lambda: phone.phone.thread.seq >= end, "the phone has caught up")
    first = phone.phone.grant["seq"]
    here = [(entry["seq"], entry["type"], entry["id"]) for entry in log if first < entry["seq"] <= end]
    there = [(seq, body["type"], body["id"]) for seq, body in phone.bodies() if seq <= end]
    assert here == there, "the two devices hold different threads"
    ids = [entry["id"] for entry in log]
    assert len(ids) == len(set(ids)), "an entry is in the thread twice"
    for message, number in messages.items():
        said = [entry for entry in log if entry["type"] == "message" and entry["id"] == message]
        tasks = [entry for entry in log if entry["type"] == "task.created" and entry["in_reply_to"] == message]
        results = [entry for entry in log if entry["type"] == "result" and entry["in_reply_to"] == message]
        kinds = [e["kind"] for e in log if e["type"] == "receipt" and e["target"] == message]
        assert (len(said), len(tasks), len(results)) == (1, 1, 1), f"job {number} is not there exactly once"
        assert kinds == ["received", "started", "answered"], f"job {number} has the receipts {kinds}"
        lines = (home.desk / f"job {number}.md").read_text()
        assert lines == f"- job {number}\nEND\n", f"job {number} was done {lines.count('job')} times"
