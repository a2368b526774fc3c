"""What the computer writes is shown as Markdown, and nothing in it can act: in a real browser under the real policy."""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from relay.edge.web import security_headers

PAGE = Path(__file__).parent.parent.parent / "relay/page"
ORIGIN = "https://desk.example"


class Render:
    """Renders a text into a page of the relay's; fails where that fetches anything."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._fetched: list[str] = []
        page.on("request", lambda request: self._fetched.append(request.url))

    def html(self, text: str) -> str:
        self._fetched.clear()
        show = "async (text) => { place.innerHTML = shown(text).__html; await new Promise(requestAnimationFrame) }"
        self._page.evaluate(show, text)
        assert self._fetched == []
        return str(self._page.evaluate("place.innerHTML"))

    def contents(self, text: str) -> tuple[set[str], set[str]]:
        """The names of its elements and of their attributes."""
        self.html(text)
        names = "(of) => [...place.querySelectorAll('*')].flatMap((it) => of ? it.getAttributeNames() : it.localName)"
        tags, attributes = (self._page.evaluate(names, of) for of in (False, True))
        return set(tags), set(attributes)


@pytest.fixture(scope="module")
def render() -> Iterator[Render]:
    if not (PAGE / "index.html").exists():
        pytest.fail("The page is not built. Run `make web` first.")
    [chunk] = PAGE.glob("assets/markdown-*.js")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        page.route("**/*", answer)
        page.goto(ORIGIN, wait_until="networkidle")
        page.evaluate(f"import('/assets/{chunk.name}').then((it) => window.shown = Object.values(it)[0])")
        page.evaluate("document.body.replaceChildren(window.place = document.createElement('div'))")
        yield Render(page)
        browser.close()


def answer(route: Route) -> None:
    """The built page's files, with the headers the relay gives them."""
    path = PAGE / (urlsplit(route.request.url).path[1:] or "index.html")
    headers = {**security_headers([ORIGIN]), "Content-Type": mimetypes.guess_type(path.name)[0] or "text/plain"}
    route.fulfill(
        status=200 if path.is_file() else 404, headers=headers, body=path.read_bytes() if path.is_file() else ""
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# Title\n\n**bold** `code`", ["<h1>Title</h1>", "<strong>bold</strong>", "<code>code</code>"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["<table>", "<td>1</td>"]),
        ("- [x] done\n- [ ] open", ["☑ done", "☐ open"]),
        ("line\nline", ["line<br>line"]),
        (
            "[text](https://example.org/x)",
            ['rel="noopener noreferrer"', 'title="example.org"', "text (example.org)</a>"],
        ),
        ("https://example.org", [">https://example.org</a>"]),
        (
            "![plan](https://example.org/a.png)",
            ['href="https://example.org/a.png"', 'rel="noopener noreferrer"', ">plan (example.org)</a>"],
        ),
    ],
)
def test_markdown_is_shown(render: Render, text: str, parts: list[str]) -> None:
    html = render.html(text)
    for part in parts:
        assert part in html


@pytest.mark.browser
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<svg onload="alert(1)">',
        "<style>*{display:none}</style>",
        '<iframe src="https://example.org"></iframe>',
        '<form action="https://example.org"><input></form>',
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](/relative)",
        "![x](javascript:alert(1))",
        "![x](http://example.org/a.png)",
        "![x](data:image/png;base64,AAAA)",
        '```js"onclick="alert(1)\nx\n```',
        '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    ],
)
def test_nothing_in_it_can_act(render: Render, text: str) -> None:
    tags, attributes = render.contents(text)
    assert tags <= {"p", "pre", "code", "a", "br"}
    assert attributes <= {"class"}


@pytest.mark.browser
@pytest.mark.parametrize(
    "text",
    ['![x" onclick="alert(1)](https://example.org/a.png)', '![x](https://example.org/"onclick="alert(1))'],
)
def test_an_image_from_elsewhere_is_only_a_link_with_its_host(render: Render, text: str) -> None:
    tags, attributes = render.contents(text)
    assert tags == {"p", "a"}
    assert attributes == {"href", "rel", "target", "title"}
    assert 'title="example.org"' in render.html(text)
