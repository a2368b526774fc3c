"""`make soak PART=… SEED=a..b`: the large counts, in pieces that add up in RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.results import record_soak


def _crash(folder: Path, seed: int) -> str:
    from tests.story.crash import crash_round

    outcome = crash_round(folder, seed)
    return f"{outcome.kills} kills, {outcome.entries} entries"


def _cuts(folder: Path, seed: int) -> str:
    from tests.story.cuts import cut_round

    outcome = cut_round(folder, seed, sends=20)
    return f"{outcome.sends} sends, {outcome.cuts} cuts"


def _story(folder: Path, seed: int) -> str:
    from tests.story.page_story import page_story

    page_story(folder, seed)
    return "passed"


PARTS: dict[str, Callable[[Path, int], str]] = {"crash": _crash, "cuts": _cuts, "story": _story}


def main() -> int:
    """Run one part over a range of seeds; exit 1 where one failed."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), required=True)
    parser.add_argument("--seed", default="1", help="a seed, or a range a..b")
    options = parser.parse_args()
    first, _, last = options.seed.partition("..")
    failed = 0
    for seed in range(int(first), int(last or first) + 1):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="deskhand-soak-") as folder:
            try:
                note, ok = PARTS[options.part](Path(folder), seed), True
            except Exception:  # noqa: BLE001 - whatever it is, it is this seed's result
                note, ok = traceback.format_exc(limit=-1).splitlines()[-1][:200], False
                traceback.print_exc()
                failed += 1
        seconds = time.monotonic() - started
        record_soak(options.part, seed, ok=ok, seconds=seconds, note=note)
        print(f"{options.part} {seed}: {'ok' if ok else 'FAILED'} in {seconds:.1f} s: {note}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
