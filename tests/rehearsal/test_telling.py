"""A job is told anew for each request: it goes on where the record ends, and turns where the person turns it."""

from agent.model.rehearsal.turn import Call, Recorded, Result, Turn, retell
from tests.rehearsal.loop import message, task_request, user


def test_the_same_request_gives_the_same_answer(loop):
    (loop.folder / "t.csv").write_text("name,n_old,n_new\na,1,2\nb,1,4\n")
    done = loop("which two improved most? t.csv as a spreadsheet")

    for end in range(1, len(done.messages), 2):
        again = message(task_request(done.messages[:end]))
        assert again["content"] == done.messages[end]["content"]


def test_a_word_in_the_middle_changes_the_work_without_reading_again(loop):
    (loop.folder / "t.csv").write_text("name,n_old,n_new\na,1,2\nb,1,4\nc,1,9\n")
    done = loop("which two improved most? t.csv", steer={1: "only the top 1, as a spreadsheet"})

    assert len(done.inputs("list_files")) == 1
    assert len(done.inputs("describe_table")) == 1
    assert "1. c: 1 → 9" in done.text
    assert "2. b" not in done.text
    assert len(done.inputs("write_workbook")) == 1


def test_a_word_after_the_file_was_written_replaces_the_file(loop):
    (loop.folder / "t.csv").write_text("name,n_old,n_new\na,1,2\nb,1,4\nc,1,9\n")
    brief = "which two improved most? t.csv as a spreadsheet"
    turns = next(n for n, item in enumerate(loop(brief).messages[1::2]) if "write_workbook" in str(item))
    (loop.folder / "t top 2 improved.xlsx").unlink()
    done = loop(brief, steer={turns: "make it a bar chart"})

    first, second = done.inputs("write_workbook")
    assert "chart" not in first["sheets"][0]
    assert second["sheets"][0]["chart"]["kind"] == "bar"
    assert (second["path"], second["overwrite"]) == (first["path"], True)
    assert done.failures == []


def test_a_result_that_was_refused_ends_without_naming_files(loop):
    (loop.folder / "t.csv").write_text("name,n\na,1\n")
    done = loop("summarise t.csv")
    word = user("Your answer names t.csv, which is not there. Make it with the tools, or correct the answer.")

    answer = message(task_request([*done.messages, word]))
    assert answer["stop_reason"] == "end_turn"
    assert "t.csv" not in answer["content"][0]["text"]


def test_equal_calls_get_their_answers_in_order():
    def story():
        first = yield Turn(calls=(Call("look", {"a": 1, "b": 2}),))
        second = yield Turn(calls=(Call("look", {"b": 2, "a": 1}),))
        return f"{first[0].text} {second[0].text}"

    look = Call("look", {"a": 1, "b": 2})
    assert retell(story(), Recorded([])).calls == (look,)
    assert retell(story(), Recorded([(look, Result("one"))])).calls == (look,)
    assert retell(story(), Recorded([(look, Result("one")), (look, Result("two"))])) == Turn("one two")


def test_only_what_was_not_answered_is_called():
    def story():
        yield Turn("Looking", (Call("a", {}), Call("b", {}), Call("b", {})))
        return "done"

    assert retell(story(), Recorded([(Call("b", {}), Result("x"))])).calls == (Call("a", {}), Call("b", {}))
