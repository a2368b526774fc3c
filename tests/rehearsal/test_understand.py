"""Paraphrases: many ways to say the same thing."""

import pytest

from agent.model.rehearsal.briefs import follows_up, read_brief, refers_back
from agent.model.rehearsal.understand import Kind, understand

KINDS = {
    Kind.CHANGE: [
        "Summarise flights.csv as a spreadsheet: which five airlines improved most?",
        "Which airlines have improved the most?",
        "top 3 shops whose sales grew most",
        "who got worse?",
        "Which countries changed most between 1990 and 2020",
        "what are the 10 biggest drops in rates.xlsx",
        "which schools' results declined",
        "Show me the largest increases",
    ],
    Kind.QUESTION: [
        "top 5 countries by wine",
        "Which ten shops sell the most?",
        "average price per region",
        "What is the median age in people.csv?",
        "how many orders are there per month",
        "only rows where price is over 200",
        "total sales by shop as a spreadsheet",
        "What's the lowest score?",
        "which car is the cheapest",
        "bottom three teams",
        "Durchschnitt der Preise je Region",
        "Which 10 countries drink most beer? Make it a bar chart",
        "how many rows are in the table?",
    ],
    Kind.CHART: ["make that a bar chart", "Make a chart", "plot it", "as a line chart please", "draw a pie chart of sales.csv"],
    Kind.CONVERT: ["convert sales.csv to excel", "turn the list into a spreadsheet", "save sales.csv as xlsx"],
    Kind.COMPARE: [
        "compare a.csv and b.csv",
        "What are the differences between the two lists?",
        "what changed between old.csv and new.csv",
        "Vergleiche a.csv mit b.csv",
        "diff draft1.md draft2.md",
    ],
    Kind.SUMMARISE: [
        "summarise paper.pdf",
        "Summarize the report as a note",
        "give me the gist of notes.md",
        "what is in contract.docx",
        "tl;dr of the minutes",
        "what does letter.pdf say",
        "key points of talk.pptx please",
    ],
    Kind.BRIEFING: [
        "Brief me on this folder",
        "write a briefing from the folder Reports",
        "summarise all documents here",
        "make an overview of the files",
        "summarise every file in this folder",
    ],
    Kind.TIDY: [
        "Tidy this folder by type",
        "please organise my files",
        "clean up the Downloads folder by date",
        "sort the files into folders",
        "declutter",
        "räum den Ordner auf",
    ],
    Kind.RENAME: [
        "rename a.txt to b.txt",
        "Rename all csv files to start with 2024-",
        "replace spaces with underscores in all file names",
        "number the photo files",
        "add draft- before all names",
    ],
    Kind.TRASH: ["delete old.txt", "trash all tmp files", "throw away a.pdf and b.pdf", "get rid of the logs", "remove old.csv"],
    Kind.COPY: ["copy a.csv to backup/", "make a copy of plan.docx", "duplicate notes.md"],
    Kind.MOVE: ["move all pdfs to Papers", "Move a.csv into the folder Data"],
    Kind.FIND: ["find the invoice", "where is my passport scan?", "locate files named budget"],
    Kind.SEARCH: [
        "search for “blue whale”",
        "which files mention the word audit?",
        "find all documents that contain Jane Doe",
        "grep TODO",
        "find files about taxes",
    ],
    Kind.LIST: ["what files do I have?", "list all my files", "what's in this folder", "show me the documents", "which tables are there?"],
    Kind.REMEMBER: ["remember that I like tables in euros", "Please remember: my boss is Kim", "note that Friday is off", "keep in mind I am vegan"],
    Kind.FORGET: ["forget that I like tables in euros", "forget about my boss"],
    Kind.RECALL: ["what did I say about budgets?", "do you remember my dog's name?", "when did we talk about Lisbon"],
    Kind.STOP: ["stop", "Stop everything!", "cancel that", "please stop the chart", "never mind"],
    Kind.CHAT: ["hello", "Hi there!", "thanks!", "thank you very much", "what can you do?", "who are you", "help", "How do I set up a real model?"],
    Kind.UNKNOWN: ["what is the meaning of life", "write a poem", "blub", "book a flight to Rome", "and the weather tomorrow?"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in KINDS.items() for text in texts])
def test_kinds(kind: Kind, text: str):
    assert understand(text).kind is kind


@pytest.mark.parametrize(
    "name", ["compare.csv", "improved list.csv", "find-me.pdf", "top 10 totals.xlsx", "tidy_up.md", "2014-average.csv"]
)
def test_a_files_name_is_no_order(name: str):
    assert understand(f"summarise {name.rsplit(maxsplit=1)[-1]}").kind is Kind.SUMMARISE


@pytest.mark.parametrize(
    ("text", "top"),
    [
        ("which five airlines improved most?", 5),
        ("top 3 shops", 3),
        ("the ten best", 10),
        ("the 12 cheapest cars", 12),
        ("which airline improved most", 1),
        ("which airlines improved most", None),
        ("who earns most", 1),
        ("Which one of the airlines improved most", 1),
        ("only rows with price over 200", None),
        ("sales in 2014", None),
        ("top 5 of sales_85_99.csv", 5),
        ("average of the 2024-10-01.csv", None),
        ("bottom two teams with more than 10 wins", 2),
    ],
)
def test_how_many(text: str, top: int | None):
    assert understand(text).top == top


@pytest.mark.parametrize(
    ("text", "chart"),
    [
        ("make that a bar chart", "bar"),
        ("as a line chart", "line"),
        ("plot the trend", "line"),
        ("a pie please, draw a pie chart", "pie"),
        ("show it as columns: a column chart", "column"),
        ("scatter plot", "scatter"),
        ("a chart", "bar"),
        ("the bar serves most beer", None),
        ("deadline per task", None),
    ],
)
def test_charts(text: str, chart: str | None):
    assert understand(text).chart == chart


def test_later_words_change_what_they_name_and_keep_the_rest():
    wish = read_brief("Which five airlines improved most?", ["only the top 3", "and as a line chart in a spreadsheet"])

    assert (wish.kind, wish.top, wish.better, wish.chart, wish.sheet) == (Kind.CHANGE, 3, True, "line", True)
    assert wish.text.splitlines()[-1] == "Which five airlines improved most?"


@pytest.mark.parametrize(
    "text", ["and the bottom five?", "now by price", "only the top 3", "what about 2014?", "as a pie chart"]
)
def test_follow_ups(text: str):
    assert follows_up(text)


@pytest.mark.parametrize("text", ["top 5 in a.csv", "summarise the minutes of the meeting", "tidy this folder by type"])
def test_wishes_that_stand_alone(text: str):
    assert not follows_up(text)


def test_what_refers_back():
    assert refers_back("make that a bar chart")
    assert refers_back("rename it to final.xlsx")
    assert not refers_back("tidy this folder by type")
