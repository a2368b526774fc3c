"""Ten messages through a connection that is cut again and again; `make soak PART=cuts` sends many more."""

from __future__ import annotations

from pathlib import Path

from tests.story.cuts import cut_round


def test_nothing_sent_through_cuts_is_lost_or_doubled(tmp_path: Path) -> None:
    outcome = cut_round(tmp_path, seed=1, sends=10)
    assert outcome.cuts > 0
