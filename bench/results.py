"""Keeps what was measured in results.json and renders it as RESULTS.md."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STORE = HERE / "results.json"
PAGE = HERE / "RESULTS.md"

INTRO = """# Results

Made by `make bench` and `make soak`; never edited by hand. Times are medians of one run on a shared machine with two
cores, so only ratios and orders of magnitude should be compared between runs. Small counts of every line run in
`make test`.

Shown by `make test`, pass or fail: the browser story (`tests/story/test_page_story.py`), the same behind the real Caddy in
network namespaces (`test_caddy.py`), push (`test_push_story.py`), `kill -9` (`test_crash.py`), cut connections
(`test_cuts.py`), bad input (`test_bad_input*.py`, `tests/relay`, `tests/tools`), a Messages server that misbehaves
(`test_misbehaving_brain.py`), the size of the first load (`tests/page/test_size.py`).

Not run here: macOS, `--tailscale`, building the container image, a real push service.
"""


def commit() -> str:
    """The commit that is measured; a + where other files than the results themselves have changed since."""
    head = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ":/", f":!{STORE.name}", f":!{PAGE.name}")
    return (head or "unknown") + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def load() -> dict[str, Any]:
    """All results so far."""
    found: dict[str, Any] = json.loads(STORE.read_text()) if STORE.exists() else {"bench": {}, "soak": {}}
    return found


def save(results: dict[str, Any]) -> None:
    """Keep results and render the page."""
    STORE.write_text(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    PAGE.write_text(render(results))


def record_bench(name: str, *, value: float, unit: str, bar: float, command: str, note: str = "") -> None:
    """Keep one figure; ``bar`` is the most it may be."""
    results = load()
    results["bench"][name] = {
        "value": round(value, 2), "unit": unit, "bar": bar, "command": command, "note": note, "commit": commit(),
        "at": _today(),
    }  # fmt: skip
    save(results)


def record_soak(part: str, seed: int, *, ok: bool, seconds: float, note: str) -> None:
    """Keep the outcome of one seed of a part; a later run of the same seed replaces it."""
    results = load()
    seeds = results["soak"].setdefault(part, {"seeds": {}})["seeds"]
    seeds[str(seed)] = {"ok": ok, "seconds": round(seconds, 1), "note": note, "commit": commit(), "at": _today()}
    save(results)


def render(results: dict[str, Any]) -> str:
    """RESULTS.md."""
    lines = [
        INTRO,
        "## Figures",
        "",
        "| what | figure | bar | reached | command | commit |",
        "|---|---|---|---|---|---|",
    ]
    for name, item in sorted(results["bench"].items()):
        reached = "yes" if item["value"] <= item["bar"] else "**no**"
        figure = f"{item['value']:g} {item['unit']}" + (f" ({item['note']})" if item["note"] else "")
        lines.append(
            f"| {name} | {figure} | ≤ {item['bar']:g} {item['unit']} | {reached} | `{item['command']}` "
            f"| {item['commit']}, {item['at']} |"
        )
    lines += [
        "",
        "## Long runs",
        "",
        "| part | seeds | passed | failed | time | commits |",
        "|---|---|---|---|---|---|",
    ]
    for part, found in sorted(results["soak"].items()):
        seeds = found["seeds"]
        bad = sorted(int(seed) for seed, item in seeds.items() if not item["ok"])
        commits = ", ".join(sorted({item["commit"] for item in seeds.values()}))
        total = sum(item["seconds"] for item in seeds.values())
        failed = f"**{len(bad)}** (seeds {', '.join(map(str, bad))})" if bad else "0"
        lines.append(
            f"| `make soak PART={part} SEED={_range(seeds)}` | {len(seeds)} | {len(seeds) - len(bad)} | {failed} "
            f"| {total / 60:.1f} min | {commits} |"
        )
    lines += ["", f"Machine: {platform.system()} {platform.machine()}, Python {platform.python_version()}.", ""]
    return "\n".join(lines)


def _range(seeds: dict[str, Any]) -> str:
    numbers = sorted(map(int, seeds))
    return f"{numbers[0]}..{numbers[-1]}" if len(numbers) > 1 else str(numbers[0])


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")
