"""The front desk: answers at once, or hands work to a task, and stays free."""

from __future__ import annotations

import re

from agent.model.rehearsal import phrases
from agent.model.rehearsal.briefs import follows_up, names_a_file, refers_back, write_brief
from agent.model.rehearsal.conversation import DeskRequest, Exchange, Running
from agent.model.rehearsal.listing import DOCUMENTS, TABLES, Entry, read_listing
from agent.model.rehearsal.plans import PLANS
from agent.model.rehearsal.turn import Call, Result, Steps, Turn
from agent.model.rehearsal.understand import Kind, understand
from agent.model.rehearsal.words import best_match, counted, stems, title

LOOK_BACK = 12
"""Exchanges looked through for the file or wish that "that" means."""
SHOWN_FILES = 30
MAX_RECALLED = 2_000
"""Characters of what `recall` found that go into a reply."""

_THANKS = re.compile(r"^(?:thanks?|thank you|danke|cheers|great|nice|ok(?:ay)?|bye)\b", re.IGNORECASE)
_GREETING = re.compile(r"^(?:hi|hello|hey|hallo|good|guten|ping|test)\b", re.IGNORECASE)
_EVERYTHING = re.compile(r"\b(?:everything|all|alles)\b", re.IGNORECASE)
_REMEMBER = re.compile(
    r"^(?:please\s+)?(?:remember|memori[sz]e|note|keep in mind|don['’]?t forget|merk\w* dir)(?:\s+that|\s*[,:]\s*dass)?[\s:,]*",
    re.IGNORECASE,
)
_FORGET = re.compile(
    r"^(?:please\s+)?(?:forget|stop remembering|vergiss)(?:\s+(?:about|that|what i said about))*[\s:,]*", re.IGNORECASE
)
_RECALL = re.compile(
    r"\b(?:what|when|did|do|does|have|has|i|we|you|me|my|say|said|tell|told|write|wrote|ask|asked|mention|mentioned|"
    r"decide|decided|remember|recall|know|talk|talked|about|please|was|habe|ich|gesagt|über)\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}-\d\d-\d\d ")
_STEER = re.compile(
    r"^(?:also|instead|actually|only|just|make (?:it|that)|use|change|no\b|wait|rather|not|but|and|with|without|sort|add|"
    r"skip|leave out|tell (?:it|the task))\b",
    re.IGNORECASE,
)


def front_desk(desk: DeskRequest) -> Steps[str]:
    """Answer one message."""
    wish = understand(desk.message)
    if desk.running and _steers(desk, wish.kind):
        return (yield from _steer(desk))
    match wish.kind:
        case Kind.STOP:
            return (yield from _stop(desk))
        case Kind.REMEMBER:
            fact = _REMEMBER.sub("", desk.message).strip()
            return (yield from _keep("remember", fact))
        case Kind.FORGET:
            fact = _FORGET.sub("", desk.message).strip(" .!?")
            return (yield from _keep("forget", fact))
        case Kind.RECALL:
            return (yield from _recall(desk))
        case Kind.CHAT:
            return _chat(desk)
        case Kind.LIST:
            return (yield from _list(desk))
        case Kind.UNKNOWN if not _continues(desk):
            return (yield from _say_not_understood(desk))
        case _:
            return (yield from _start(desk, wish.kind))


def _start(desk: DeskRequest, kind: Kind) -> Steps[str]:
    before = _before(desk) if follows_up(desk.message) else []
    files = desk.attached
    if not files and (before or refers_back(desk.message)) and not names_a_file(desk.message):
        recent = reversed(desk.exchanges[-LOOK_BACK:])
        files = next((exchange.files for exchange in recent if exchange.files), ())
    if before and kind in (Kind.UNKNOWN, Kind.QUESTION):
        kind = understand(before[0]).kind
    heading = title(
        re.sub(r"^(?:please|can you|could you|would you)\s+", "", desk.message.strip(), flags=re.IGNORECASE)
    )
    heading = heading[:1].upper() + heading[1:]
    words = f"On it: {heading.rstrip('.!')}{'' if heading.endswith(('?', '…')) else '.'}"
    brief = write_brief(desk.message, files, before)
    call = Call("start_task", {"title": heading, "brief": brief, "plan": list(PLANS.get(kind, ()))})
    results = yield Turn(words, (call,))
    return words if not results[0].failed else f"I could not start this. {results[0].text}"


def _continues(desk: DeskRequest) -> bool:
    return bool(_before(desk)) and follows_up(desk.message)


def _before(desk: DeskRequest) -> list[str]:
    """The wishes a follow-up builds on, oldest first: back to the latest that stands alone."""
    chain: list[str] = []
    for exchange in reversed(desk.exchanges[-LOOK_BACK:]):
        kind = understand(exchange.said).kind
        if kind in (Kind.CHAT, Kind.REMEMBER, Kind.FORGET, Kind.RECALL, Kind.STOP, Kind.LIST):
            continue
        chain.insert(0, exchange.said)
        if not follows_up(exchange.said):
            return chain if kind is not Kind.UNKNOWN else []
    return []


def _steers(desk: DeskRequest, kind: Kind) -> bool:
    """Whether the message corrects work under way: it builds on something, and the last wish has no result yet."""
    last = desk.exchanges[-1] if desk.exchanges else Exchange("", "")
    return (
        kind not in (Kind.STOP, Kind.CHAT, Kind.REMEMBER, Kind.FORGET, Kind.RECALL)
        and not names_a_file(desk.message)
        and not last.files
        and bool(_STEER.search(desk.message))
    )


def _steer(desk: DeskRequest) -> Steps[str]:
    task = _meant(desk) or desk.running[-1]
    results = yield Turn(calls=(Call("steer_task", {"task": task.id, "text": desk.message}),))
    return f"“{task.title}”: {results[0].text}"


def _stop(desk: DeskRequest) -> Steps[str]:
    if not desk.running:
        return "Nothing is running, so there is nothing to stop."
    if _EVERYTHING.search(desk.message):
        tasks = list(desk.running)
    elif task := _meant(desk) or (desk.running[0] if len(desk.running) == 1 else None):
        tasks = [task]
    else:
        return "Which one shall I stop?" + "".join(f"\n- {task.title}" for task in desk.running)
    results = yield Turn(calls=tuple(Call("stop_task", {"task": task.id}) for task in tasks))
    return "\n".join(result.text for result in results)


def _meant(desk: DeskRequest) -> Running | None:
    match = best_match(desk.message, [(task.title, task) for task in desk.running])
    return match.best if match and len(match.equals) == 1 else None


def _keep(tool: str, fact: str) -> Steps[str]:
    if not fact:
        return f"What shall I {tool}? Say it in one sentence."
    results = yield Turn(calls=(Call(tool, {"text": fact}),))
    return f"{results[0].text} (“{fact}”)" if tool == "remember" else results[0].text


def _recall(desk: DeskRequest) -> Steps[str]:
    query = " ".join(re.findall(r"[\w'’-]+", _RECALL.sub(" ", desk.message))) or desk.message
    results = yield Turn(calls=(Call("recall", {"query": query}),))
    entries = [entry for entry in results[0].text.split("\n\n") if desk.message not in entry]
    if results[0].failed or not any(_DATED.match(entry) for entry in entries):
        return f"I found nothing about “{query}” in our thread."
    return f"This is what our thread has about “{query}”:\n\n" + "\n\n".join(entries)[:MAX_RECALLED]


def _chat(desk: DeskRequest) -> str:
    if _THANKS.search(desk.message):
        return "You are welcome."
    if _GREETING.search(desk.message):
        return f"Hello from {desk.computer}. I am the built-in rehearsal brain; ask “what can you do?” for what I understand."
    return phrases.about(desk.computer)


def _look(desk: DeskRequest) -> Steps[tuple[Entry, ...] | Result]:
    """What lies in the granted folders, or why it cannot be seen."""
    if "list_files" not in desk.tools:
        return ()
    results = yield Turn(calls=(Call("list_files", {}),))
    return results[0] if results[0].failed else read_listing(results[0].text).entries


def _list(desk: DeskRequest) -> Steps[str]:
    entries = yield from _look(desk)
    if isinstance(entries, Result):
        return f"I could not look into the folder. {entries.text}"
    files = [entry for entry in entries if not entry.folder]
    folders = [entry for entry in entries if entry.folder]
    wanted = stems(desk.message)
    asked = [entry for entry in files if entry.ending[1:] in wanted or entry.kind.rstrip("s").lower() in wanted]
    shown = asked or files
    head = f"{counted(len(shown), 'file')}" + (
        f" and {counted(len(folders), 'folder')}" if folders and not asked else ""
    )
    lines = [f"- `{entry.path}`" for entry in shown[:SHOWN_FILES]]
    if len(shown) > SHOWN_FILES:
        lines.append(f"- and {len(shown) - SHOWN_FILES} more")
    return "\n".join([f"{head}:", *lines]) if shown else "There are no files in the folder yet."


def _say_not_understood(desk: DeskRequest) -> Steps[str]:
    entries = yield from _look(desk)
    files = [] if isinstance(entries, Result) else [entry for entry in entries if not entry.folder]
    tables = [entry.path for entry in files if entry.ending in TABLES]
    documents = [entry.path for entry in files if entry.ending in DOCUMENTS]
    return phrases.not_understood(phrases.examples_for(tables, documents, bool(files)))
