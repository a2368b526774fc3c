"""A real Chromium at phone size, with the page's hooks by name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from tests.story.home import Home

PHONE = {"width": 412, "height": 915}
SMALL_PHONE = {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
STEP_MS = 30_000

expect.set_options(timeout=STEP_MS)


@contextmanager
def chromium(
    profile: Path,
    *,
    viewport: dict[str, int] | None = None,
    theme: str = "light",
    executable: str | None = None,
    flags: list[str] | None = None,
) -> Iterator[BrowserContext]:
    """A browser with storage that lasts in ``profile``."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable or shutil.which("chromium"),
            args=[*FLAGS, *(flags or [])],
            viewport=viewport or PHONE,  # type: ignore[arg-type]
            device_scale_factor=2,
            has_touch=True,
            is_mobile=True,
            color_scheme=theme,  # type: ignore[arg-type]
            accept_downloads=True,
            locale="en-GB",
            ignore_https_errors=False,
        )
        context.set_default_timeout(STEP_MS)
        try:
            yield context
        finally:
            context.close()


def pair(home: Home, page: Page) -> None:
    """Pair the page with the computer: link, six digits, typed at the computer."""
    pairing = subprocess.Popen(
        [*home.command, "pair", "--print-link"],
        env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with pairing:
        try:
            assert pairing.stdout is not None
            page.goto(pairing.stdout.readline().strip())
            code = page.get_by_test_id("pair-code")
            expect(code).to_be_visible()
            digits = "".join(char for char in code.inner_text() if char.isdigit())
            pairing.communicate(digits + "\n", timeout=60)
            assert pairing.returncode == 0
        finally:
            pairing.kill()
    assert "pair=" not in page.url, "the secret stays in the address"


def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()


def message(page: Page, text: str) -> Locator:
    """The entry of a message the person wrote."""
    return page.get_by_test_id("entry").filter(has=page.get_by_test_id("receipt")).filter(has_text=text)


def newest(page: Page, name: str) -> Locator:
    """The newest card of a kind."""
    return page.get_by_test_id(name).last
