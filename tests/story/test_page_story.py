"""The browser story at phone size, once; `make soak PART=story` repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.story.page_story import page_story


@pytest.mark.browser
def test_a_day_with_the_phone(tmp_path: Path) -> None:
    page_story(tmp_path)
