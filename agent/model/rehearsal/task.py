"""A task: its brief read as a wish, and the job that fulfils it."""

from __future__ import annotations

from collections.abc import Callable

from agent.model.rehearsal import phrases
from agent.model.rehearsal.briefing import briefing
from agent.model.rehearsal.briefs import read_brief
from agent.model.rehearsal.change import change
from agent.model.rehearsal.chart import chart, convert
from agent.model.rehearsal.compare import compare
from agent.model.rehearsal.conversation import TaskRequest
from agent.model.rehearsal.documents import summarise
from agent.model.rehearsal.file_jobs import copy, find, move, rename, search, trash
from agent.model.rehearsal.folders import tidy
from agent.model.rehearsal.listing import DOCUMENTS, TABLES
from agent.model.rehearsal.plans import PLANS
from agent.model.rehearsal.question import question
from agent.model.rehearsal.sources import list_all
from agent.model.rehearsal.turn import Steps
from agent.model.rehearsal.understand import Kind, Wish
from agent.model.rehearsal.work import GaveUp, Work

JOBS: dict[Kind, Callable[[Work], Steps[str]]] = {
    Kind.CHANGE: change,
    Kind.QUESTION: question,
    Kind.CHART: chart,
    Kind.CONVERT: convert,
    Kind.COMPARE: compare,
    Kind.SUMMARISE: summarise,
    Kind.BRIEFING: briefing,
    Kind.TIDY: tidy,
    Kind.RENAME: rename,
    Kind.TRASH: trash,
    Kind.COPY: copy,
    Kind.MOVE: move,
    Kind.FIND: find,
    Kind.SEARCH: search,
}


def task(request: TaskRequest) -> Steps[str]:
    """Do what the brief asks; every end is a text."""
    if request.refused is not None:
        return (
            "I have to stop here: my answer was not accepted, and I have no better one. What was done so far is kept."
        )
    wish = read_brief(request.brief, request.steers, request.files)
    work = Work(request, wish)
    try:
        text = yield from _job(wish)(work)
    except GaveUp as problem:
        yield from work.skip_plan()
        yield from work.not_done(*problem.not_done)
        return str(problem)
    yield from work.finish_plan()
    return text


def _job(wish: Wish) -> Callable[[Work], Steps[str]]:
    def planned(work: Work) -> Steps[str]:
        work.plan(*PLANS[wish.kind])
        return (yield from JOBS[wish.kind](work))

    return planned if wish.kind in JOBS else _not_understood


def _not_understood(work: Work) -> Steps[str]:
    listing = yield from list_all(work)
    tables = [entry.path for entry in listing.files if entry.ending in TABLES]
    documents = [entry.path for entry in listing.files if entry.ending in DOCUMENTS]
    raise GaveUp(
        phrases.not_understood(phrases.examples_for(tables, documents, bool(listing.files))),
        "the wish was not understood",
    )
