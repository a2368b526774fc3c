"""The same story with the relay behind the real Caddy on one host, the agent on another, the phone on a third."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from tests.story.browser import chromium
from tests.story.home import Home
from tests.story.network import URL, fingerprint, need_namespaces, network, relay_behind_caddy
from tests.story.page_story import tell


@pytest.mark.browser
@pytest.mark.netns
def test_a_day_with_the_phone_through_caddy(tmp_path: Path) -> None:
    need_namespaces()
    with network() as hosts, relay_behind_caddy(tmp_path / "relay", hosts) as authority:
        home = Home(tmp_path / "home", {"SSL_CERT_FILE": str(authority)}, before=hosts.within(hosts.desk))
        try:
            home.run("setup", "--relay", URL)
            home.start()
            assert home.url == URL
            browser = tmp_path / "chromium"
            real = shutil.which("chromium") or "chromium"
            browser.write_text("\n".join(["#!/bin/sh", f'exec {" ".join(hosts.within(hosts.phone))} {real} "$@"', ""]))
            browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
            trust = f"--ignore-certificate-errors-spki-list={fingerprint(authority.with_name('intermediate.crt'))}"
            with chromium(tmp_path / "profile", executable=str(browser), flags=[trust]) as context:
                tell(home, context, "light")
        finally:
            home.close()
