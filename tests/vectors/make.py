"""Writes the golden vectors of the protocol, read by pytest and by vitest: both must give the recorded verdicts.

`.venv/bin/python tests/vectors/make.py` after a change of the protocol. Signatures and IVs are random, so every run
writes other bytes; what they mean stays. Keys are derived from names and protect nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import forms
import joining
import threads

HERE = Path(__file__).parent


def main() -> None:
    files = {
        "forms.json": forms.vectors(),
        "thread.json": threads.vectors(),
        "joining.json": joining.vectors(),
    }
    for name, content in files.items():
        (HERE / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
