"""A signal that arrives at any moment of the waiting ends it."""

from __future__ import annotations

import signal
import subprocess
import sys

WAITING = """
import signal
from agent.cli.ending import Ending
ended = Ending()
signal.signal(signal.SIGTERM, ended.set)
print("ready", flush=True)
while not ended.wait(0.0001):
    pass
"""


def test_a_signal_in_the_middle_of_waiting_never_hangs() -> None:
    for _ in range(15):
        with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
