"""The browser story at phone size, once; `make soak PART=story` repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.story.browser import chromium, pair
from tests.story.home import running
from tests.story.page_story import page_story


@pytest.mark.browser
def test_a_day_with_the_phone(tmp_path: Path) -> None:
    page_story(tmp_path)


@pytest.mark.browser
def test_a_pairing_link_works_in_a_tab_that_shows_the_page_already(tmp_path: Path) -> None:
    with running(tmp_path / "home") as home, chromium(tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(home.url)
        expect(page.get_by_test_id("pair-link")).to_be_visible()
        pair(home, page)
        expect(page.get_by_test_id("composer")).to_be_visible()
