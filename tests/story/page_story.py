"""The browser story: from pairing to a spreadsheet, a chart, an approval, undo, and messages sent while all is off."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path

import openpyxl
from playwright.sync_api import BrowserContext, Page, expect

from tests.story.browser import PHONE, SMALL_PHONE, chromium, message, newest, pair, write
from tests.story.home import Home, eventually, running

PICTURES = Path(__file__).parents[2] / "bench" / "out"


def page_story(folder: Path, seed: int = 1) -> None:
    """The whole story in a new home; even seeds on a small dark phone. Raises where something is not as it should."""
    size, theme = (PHONE, "light") if seed % 2 else (SMALL_PHONE, "dark")
    with running(folder / "home") as home, chromium(folder / "profile", viewport=size, theme=theme) as context:
        tell(home, context, theme)


def tell(home: Home, context: BrowserContext, theme: str) -> None:
    """The story, with a computer that runs and a browser that knows nothing."""
    page = context.pages[0]
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    pair(home, page)
    enter_thread(page)
    picture(page, f"empty-{theme}")
    spreadsheet(home, page, theme)
    chart(home, page)
    tidy_and_undo(home, page, theme)
    away_and_back(home, page, context)
    from_the_desk(home, page)
    assert not errors, errors


def picture(page: Page, name: str) -> None:
    """Keep what a person sees now."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def enter_thread(page: Page) -> None:
    """Past the notification step, if it is shown."""
    expect(page.get_by_test_id("composer")).to_be_visible()
    expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "awake")


def five_most_improved(table: Path) -> list[tuple[str, int]]:
    """Computed independently of Deskhand: incidents 1985-99 less incidents 2000-14."""
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    gains = [(row["airline"], int(row["incidents_85_99"]) - int(row["incidents_00_14"])) for row in rows]
    return sorted(gains, key=lambda item: -item[1])[:5]


def spreadsheet(home: Home, page: Page, theme: str) -> None:
    """A message, its receipts, a task, streamed text, a result with a spreadsheet whose numbers are right."""
    text = "Summarise airline-safety.csv as a spreadsheet: which five airlines improved most?"
    expected = five_most_improved(home.desk / "airline-safety.csv")
    write(page, text)
    expect(newest(page, "task-card")).to_be_visible()
    card = newest(page, "result-card")
    expect(card).to_be_visible()
    for airline, _ in expected:
        expect(card).to_contain_text(airline)
    expect(message(page, text).get_by_test_id("receipt")).to_have_attribute("data-state", "answered")
    expect(newest(page, "task-card")).to_have_attribute("data-state", "done")
    picture(page, f"thread-{theme}")
    card.get_by_test_id("file").first.click()
    picture(page, f"file-{theme}")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download", re.IGNORECASE)).first.click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    cells = [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]
    for airline, gain in expected:
        assert any(airline in row and gain in row for row in cells), f"{airline} {gain} is not in the spreadsheet"
    page.go_back()
    expect(page.get_by_test_id("composer")).to_be_visible()


def chart(home: Home, page: Page) -> None:
    """The same file again, because it is the same thread."""
    before = {path.name for path in home.desk.glob("*.xlsx")}
    results = page.get_by_test_id("result-card").count()
    write(page, "make that a bar chart")
    expect(page.get_by_test_id("result-card")).to_have_count(results + 1)
    assert {path.name for path in home.desk.glob("*.xlsx")} == before, "it made another file"
    charts = [
        name
        for path in home.desk.glob("airline*.xlsx")
        for name in zipfile.ZipFile(path).namelist()
        if name.startswith("xl/charts/chart")
    ]
    assert charts


def contents(folder: Path) -> dict[str, str]:
    """Every file beneath a folder and the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def tidy_and_undo(home: Home, page: Page, theme: str) -> None:
    """An approval with the exact moves; Approve; Undo; everything as before."""
    before = contents(home.desk)
    write(page, "Tidy this folder by type")
    ask = page.get_by_test_id("ask").last
    expect(ask).to_have_attribute("data-state", "open")
    expect(ask).to_contain_text("airline-safety.csv")
    picture(page, f"ask-{theme}")
    results = page.get_by_test_id("result-card").count()
    page.get_by_test_id("approve").last.click()
    expect(page.get_by_test_id("result-card")).to_have_count(results + 1)
    assert contents(home.desk) != before
    picture(page, f"tidied-{theme}")
    newest(page, "result-card").get_by_test_id("undo").click()
    confirm = page.get_by_role("dialog").get_by_role("button", name=re.compile("undo|take back", re.IGNORECASE))
    if confirm.count():
        confirm.first.click()
    eventually(lambda: contents(home.desk) == before, "the folder is as before")


def away_and_back(home: Home, page: Page, context: BrowserContext) -> None:
    """Two messages while the agent is off, one of them offline: both run, in order, once."""
    home.run("agent", "stop")
    context.set_offline(True)
    write(page, "What can you do? (first)")
    expect(message(page, "(first)").get_by_test_id("receipt")).to_have_attribute("data-state", "on_phone")
    context.set_offline(False)
    write(page, "What can you do? (second)")
    for text in ("(first)", "(second)"):
        expect(message(page, text).get_by_test_id("receipt")).to_have_attribute("data-state", "relay")
    home.run("agent", "start")
    for text in ("(first)", "(second)"):
        expect(message(page, text).get_by_test_id("receipt")).to_have_attribute("data-state", "answered")
    log = home.log()
    said = [entry for entry in log if entry["type"] == "message" and "What can you do?" in entry["text"]]
    started = [e["target"] for e in log if e["type"] == "receipt" and e["kind"] == "started"]
    assert [entry["text"].split("(")[1] for entry in said] == ["first)", "second)"]
    assert [name for name in started if name in {entry["id"] for entry in said}] == [entry["id"] for entry in said]


def from_the_desk(home: Home, page: Page) -> None:
    """What is typed at the computer shows on the phone, live."""
    home.run("send", "Hello from the desk")
    expect(page.get_by_test_id("entry").filter(has_text="Hello from the desk").first).to_be_visible()
