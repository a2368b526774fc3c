"""Phone in the pocket: a result lands, a push arrives, and only this phone can read its text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Worker, expect

from agent.link.keys import KeyStore
from relay.protocol.envelope import open_push
from relay.protocol.errors import Malformed
from relay.protocol.ids import key_id
from tests.story.browser import chromium, pair, write
from tests.story.home import Home, eventually, running
from tests.story.push_service import PushService, push_service

STUB = """
(() => {
  const json = %s;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  let current = null;
  const made = (options) => ({
    endpoint: json.endpoint, expirationTime: null, options: { userVisibleOnly: true, ...options }, toJSON: () => json,
    getKey: (name) => bytes(json.keys[name]).buffer, unsubscribe: async () => ((current = null), true),
  });
  PushManager.prototype.subscribe = async (options) => (current = made(options));
  PushManager.prototype.getSubscription = async () => current;
})();
"""
"""A headless browser has no push service to subscribe to; all that follows is real."""


def turn_notifications_on(page: Page, context: BrowserContext, home: Home, service: PushService) -> None:
    context.grant_permissions(["notifications"], origin=home.url)
    page.add_init_script(STUB % json.dumps(service.subscription))
    page.reload()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Turn on notifications").click()
    page.get_by_role("button", name="Send a test push").click()


def deliver(page: Page, home: Home, data: str) -> None:
    """Hand a payload to the worker as the browser's push service would."""
    session = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    registration = eventually(lambda: (page.wait_for_timeout(20), found)[1], "the worker is registered")[0]
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": home.url, "registrationId": registration["registrationId"], "data": data},
    )


def shown(worker: Worker) -> list[dict[str, str]]:
    notifications: list[dict[str, str]] = worker.evaluate(
        "async () => (await self.registration.getNotifications()).map(({title, body, tag}) => ({title, body, tag}))"
    )
    return notifications


@pytest.mark.browser
def test_a_result_is_pushed_and_only_this_phone_can_read_it(tmp_path: Path) -> None:
    env = {"DESKHAND_RELAY_PUSH_ALLOW_LOOPBACK": "true"}
    with push_service() as service, running(tmp_path / "home", env) as home, chromium(tmp_path / "profile") as context:
        page = context.pages[0]
        pair(home, page)
        expect(page.get_by_test_id("composer")).to_be_visible()
        turn_notifications_on(page, context, home, service)
        eventually(lambda: (page.wait_for_timeout(20), service.received)[1], "a test push arrives")
        service.received.clear()

        # The phone goes into the pocket: nobody looks at the page any more.
        page.goto(f"{home.url}/healthz")
        outcome = home.send("Total quantity per client in Orders 2026.csv, highest first")
        eventually(lambda: service.received, "the result is pushed")
        headers, body = service.received[-1]
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["authorization"].startswith("vapid ")
        assert int(headers["ttl"]) > 0
        payload = json.loads(service.open(body))

        text = outcome["text"].split("\n\n", 1)[1][:40]
        assert text not in json.dumps(payload), "the relay could read the notification"
        read_with_the_threads_key_only(home, payload["push"], text)

        deliver(page, home, json.dumps(payload))
        worker = context.service_workers[0]
        notification = eventually(lambda: shown(worker), "a notification is shown")[-1]
        assert text in notification["body"]

        page.goto(home.url)
        expect(page.get_by_test_id("composer")).to_be_visible()
        page.evaluate("navigator.serviceWorker.addEventListener('message', (event) => (window.told = event.data))")
        worker.evaluate(
            """async () => {
              const [notification] = await self.registration.getNotifications();
              self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
            }"""
        )
        told = eventually(lambda: page.evaluate("window.told"), "the page is told what to open")
        assert told == {"type": "open", "seq": payload["seq"]}
        assert eventually(lambda: not shown(worker), "the notification is gone")


def read_with_the_threads_key_only(home: Home, sealed: str, text: str) -> None:
    """The sealed text opens with the thread's key and the computer's signature, and with no other key."""
    keys = KeyStore(home.state, keyring="file")
    identity = keys.load()
    assert identity is not None
    sender = identity.device.jwk
    assert text in open_push(sealed, keys.thread_keys[1], sender)["text"]
    with pytest.raises(Malformed):
        open_push(sealed, bytes(32), sender)
    assert key_id(sender) == identity.device_id


@pytest.mark.browser
def test_a_push_that_cannot_be_opened_still_shows_something(tmp_path: Path) -> None:
    """SPEC 7.3."""
    with running(tmp_path / "home") as home, chromium(tmp_path / "profile") as context:
        page = context.pages[0]
        pair(home, page)
        expect(page.get_by_test_id("composer")).to_be_visible()
        context.grant_permissions(["notifications"], origin=home.url)
        write(page, "What can you do?")
        for data in ("", "no json", json.dumps({"push": "forged", "hint": "ask", "thread": "x", "seq": 3})):
            deliver(page, home, data)
        worker = context.service_workers[0]
        bodies = eventually(lambda: len(shown(worker)) >= 2 and shown(worker), "notifications are shown")
        assert all(item["title"] == "Deskhand" and item["body"] for item in bodies)
