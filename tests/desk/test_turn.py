"""The model loop with a brain that answers from a list: calls, continuations, words that come in between, restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.core.ports import BrainError, BrainReply, BrainRequest, Usage
from agent.desk.calls import Outcome, Parked
from agent.desk.turn import MAX_CONTINUATIONS, BudgetExceeded, Conversation, converse
from tests.desk.conftest import Table

RUN = "run"


def text(words: str, stop: str = "end_turn") -> BrainReply:
    return BrainReply([{"type": "text", "text": words}], stop, Usage(1, 1, None))


def call(*names: str) -> BrainReply:
    blocks = [{"type": "tool_use", "id": f"id {name}", "name": name, "input": {}} for name in names]
    return BrainReply(blocks, "tool_use", Usage(1, 1, None))


@dataclass
class ListedBrain:
    """Answers from a list, and keeps what it was asked."""

    replies: list[BrainReply]
    name: str = "listed"
    asked: list[BrainRequest] = field(default_factory=list)

    async def turn(
        self, request: BrainRequest, on_text: Callable[[int, str], None], on_wait: Callable[[str], None]
    ) -> BrainReply:
        self.asked.append(request)
        return self.replies.pop(0)


@dataclass
class Talk:
    """One conversation of the tests."""

    table: Table
    done: list[str] = field(default_factory=list)
    steers: list[str] = field(default_factory=list)
    bound: str | None = None
    parked_at: str | None = None
    spent: int = 0

    async def run(self, brain: ListedBrain) -> str:
        async def execute(block: dict[str, Any]) -> Outcome:
            if block["name"] == self.parked_at:
                raise Parked("question")
            self.done.append(block["name"])
            return Outcome(f"{block['name']} is done", failed=block["name"] == "bad")

        def spent(_tx: Any, _usage: Usage) -> None:
            self.spent += 1

        def steers(_tx: Any) -> list[str]:
            heard, self.steers = self.steers, []
            return heard

        opening = [{"role": "user", "content": [{"type": "text", "text": "do it"}]}]
        talk = Conversation(
            RUN, "system", lambda: "now", (), opening, lambda _offset, _text: None, lambda _text: None, execute, spent,
            steers, lambda: self.bound,
        )  # fmt: skip
        return await converse(self.table.engine, self.table.journal, brain, talk)


async def test_calls_are_done_in_order_and_their_results_go_back(table: Table) -> None:
    brain, talk = ListedBrain([call("one", "bad"), call("two"), text("All done.")]), Talk(table)
    assert await talk.run(brain) == "All done."
    assert talk.done == ["one", "bad", "two"]
    assert talk.spent == 3
    results = brain.asked[1].messages[-1]
    assert results["role"] == "user"
    assert [block["content"] for block in results["content"]] == ["one is done", "bad is done"]
    assert ["is_error" in block for block in results["content"]] == [False, True]


async def test_a_restart_pays_for_nothing_twice(table: Table) -> None:
    first = ListedBrain([call("one"), call("ask")])
    talk = Talk(table, parked_at="ask")
    with pytest.raises(Parked):
        await talk.run(first)
    again = ListedBrain([text("Answered.")])
    talk.parked_at = None
    assert await talk.run(again) == "Answered."
    assert talk.done == ["one", "ask"]
    assert len(again.asked) == 1
    assert await talk.run(ListedBrain([])) == "Answered.", "the end is stored as well"


@pytest.mark.parametrize("stop", ["max_tokens", "pause_turn"])
async def test_an_answer_that_was_cut_is_continued_a_few_times(table: Table, stop: str) -> None:
    brain = ListedBrain([text("one ", stop), text("two ", stop), text("three")])
    assert await Talk(table).run(brain) == "one two three"
    endless = ListedBrain([text("x", stop) for _ in range(20)])
    with table.engine.begin() as tx:
        table.journal.turns.add(tx, RUN, "user", [{"type": "text", "text": "more"}])
    assert await Talk(table).run(endless) == "x" * (MAX_CONTINUATIONS + 1)


async def test_a_call_cut_off_by_the_limit_is_no_call(table: Table) -> None:
    cut = BrainReply([*text("Now I").content, *call("move").content], "max_tokens", Usage())
    only = BrainReply(call("move").content, "max_tokens", Usage())
    talk = Talk(table)
    assert await talk.run(ListedBrain([cut, only, text(" stop.")])) == (
        "Now I(My last answer was too long to finish.) stop."
    )
    assert talk.done == []


async def test_words_that_come_during_the_last_answer_are_heard(table: Table) -> None:
    brain, talk = ListedBrain([text("Red."), text("Blue.")]), Talk(table, steers=["in blue"])
    assert await talk.run(brain) == "Blue."
    assert brain.asked[1].messages[-1]["content"] == [{"type": "text", "text": "The person adds: in blue"}]


async def test_words_that_come_during_a_call_stand_after_its_result(table: Table) -> None:
    brain, talk = ListedBrain([call("one"), text("Blue.")]), Talk(table, steers=["in blue"])
    await talk.run(brain)
    assert [block["type"] for block in brain.asked[1].messages[-1]["content"]] == ["tool_result", "text"]


async def test_a_bound_is_kept_before_the_brain_is_asked(table: Table) -> None:
    brain = ListedBrain([text("never")])
    with pytest.raises(BudgetExceeded, match="used up"):
        await Talk(table, bound="used up").run(brain)
    assert brain.asked == []


@pytest.mark.parametrize("stop", ["refusal", "model_context_window_exceeded"])
async def test_what_the_model_will_not_or_cannot_do_is_an_error_with_a_way_on(table: Table, stop: str) -> None:
    with pytest.raises(BrainError) as error:
        await Talk(table).run(ListedBrain([text("I", stop)]))
    assert error.value.next


async def test_an_empty_answer_is_empty_and_never_sent_back(table: Table) -> None:
    assert await Talk(table).run(ListedBrain([BrainReply([], "end_turn", Usage())])) == ""
    with table.engine.begin() as tx:
        table.journal.turns.add(tx, RUN, "user", [{"type": "text", "text": "say something"}])
    brain = ListedBrain([text("Something.")])
    await Talk(table).run(brain)
    assert all(block.get("text") != "" for message in brain.asked[0].messages for block in message["content"])


async def test_half_a_character_in_an_answer_breaks_nothing(table: Table) -> None:
    brain = ListedBrain([BrainReply([{"type": "text", "text": "Half \ud800 one"}], "end_turn", Usage())])
    assert await Talk(table).run(brain) == "Half ? one"
