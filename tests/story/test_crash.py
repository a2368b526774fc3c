"""`kill -9` of relay, agent or both at random moments: nothing is lost, nothing is shown or done twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.story.crash import crash_round


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    outcome = crash_round(tmp_path, seed)
    assert outcome.kills > 0
