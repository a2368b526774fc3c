"""The rehearsal brain over the real SDK: streaming, whole, cut short, and refused."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator

import anthropic
import httpx2
import pytest

from agent.model.rehearsal import RehearsalServer

TOOL = {"name": "start_task", "description": "Hand work to a task.", "input_schema": {"type": "object"}}
HELLO = [{"role": "user", "content": "what can you do?"}]
WORK = [{"role": "user", "content": "average price by shop"}]


@pytest.fixture
def token() -> str:
    return secrets.token_urlsafe()


@pytest.fixture
async def server(token: str) -> AsyncIterator[RehearsalServer]:
    async with RehearsalServer(token) as running:
        yield running


@pytest.fixture
async def client(server: RehearsalServer, token: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key=token, max_retries=0) as talking:
        yield talking


async def ask(client: anthropic.AsyncAnthropic, messages: list, **more):
    return await client.messages.create(model="rehearsal", max_tokens=100, tools=[TOOL], messages=messages, **more)


async def test_text_streams_in_small_groups_and_adds_up_to_the_whole_answer(client):
    whole = await ask(client, HELLO)
    async with client.messages.stream(model="rehearsal", max_tokens=100, tools=[TOOL], messages=HELLO) as stream:
        pieces = [piece async for piece in stream.text_stream]
        final = await stream.get_final_message()

    assert whole.content[0].text == "".join(pieces) == final.content[0].text
    assert len(pieces) > 10
    assert max(len(piece.split()) for piece in pieces) <= 3
    assert "rehearsal brain" in whole.content[0].text
    assert "ANTHROPIC_API_KEY" in whole.content[0].text
    assert (whole.stop_reason, final.stop_reason) == ("end_turn", "end_turn")
    assert whole.usage.input_tokens == final.usage.input_tokens > 0
    assert whole.usage.output_tokens == final.usage.output_tokens > 50


async def test_a_tool_call_arrives_whole_in_both_ways(client):
    whole = await ask(client, WORK)
    async with client.messages.stream(model="rehearsal", max_tokens=100, tools=[TOOL], messages=WORK) as stream:
        final = await stream.get_final_message()

    for answer in (whole, final):
        text, call = answer.content
        assert text.text.startswith("On it")
        assert (call.type, call.name, answer.stop_reason) == ("tool_use", "start_task", "tool_use")
        assert call.input["brief"] == "average price by shop"
    assert whole.content[1].id != final.content[1].id, "as with the real API, no two replies share an id"


async def test_the_turn_goes_on_after_the_tools_answer(client):
    first = await ask(client, WORK)
    call = first.content[-1]
    answered = {"type": "tool_result", "tool_use_id": call.id, "content": "Task 1 is started."}
    messages = [*WORK, {"role": "assistant", "content": first.content}, {"role": "user", "content": [answered]}]

    second = await ask(client, messages)

    assert second.stop_reason == "end_turn"
    assert second.content[0].text == "On it: Average price by shop."


async def test_the_first_text_comes_within_milliseconds(client):
    await ask(client, HELLO)
    best = 1.0
    for _ in range(5):
        started = time.perf_counter()
        async with client.messages.stream(model="rehearsal", max_tokens=100, tools=[TOOL], messages=HELLO) as stream:
            async for _piece in stream.text_stream:
                best = min(best, time.perf_counter() - started)
                break

    assert best < 0.03, f"{best * 1000:.1f} ms to the first text"


async def test_a_stream_left_in_the_middle_leaves_the_server_well(server, token):
    async with (
        anthropic.AsyncAnthropic(base_url=server.url, api_key=token, max_retries=0) as leaving,
        leaving.messages.stream(model="rehearsal", max_tokens=100, tools=[TOOL], messages=HELLO) as stream,
    ):
        async for _piece in stream.text_stream:
            break
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key=token, max_retries=0) as next_one:
        assert (await ask(next_one, HELLO)).stop_reason == "end_turn"
    await asyncio.wait_for(asyncio.gather(*server._connections), 5)


async def test_closing_ends_idle_connections(token):
    async with RehearsalServer(token) as short:
        client = anthropic.AsyncAnthropic(base_url=short.url, api_key=token, max_retries=0)
        await ask(client, HELLO)
        url = short.url
    with pytest.raises(anthropic.APIConnectionError):
        await ask(client, HELLO)
    await client.close()
    assert url.startswith("http://127.0.0.1:")
    with pytest.raises(RuntimeError):
        _ = short.url


@pytest.mark.parametrize("credential", [{"api_key": "wrong"}, {"auth_token": "wrong"}])
async def test_others_are_refused(server, credential):
    async with anthropic.AsyncAnthropic(base_url=server.url, max_retries=0, **credential) as stranger:
        with pytest.raises(anthropic.AuthenticationError) as refused:
            await ask(stranger, HELLO)
    assert refused.value.body["error"]["type"] == "authentication_error"


UNANSWERED = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "recall", "input": {}}]},
    {"role": "user", "content": "well?"},
]
STRAY = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_9", "content": "x"}]}]


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([], "messages"),
        ([{"role": "assistant", "content": "hi"}], "first message"),
        ([{"role": "system", "content": "hi"}], "messages.0.role"),
        ([{"role": "user", "content": []}], "non-empty"),
        ([{"role": "user", "content": [{"type": "text", "text": " "}]}], "non-empty"),
        (UNANSWERED, "toolu_1"),
        (UNANSWERED[:2], "toolu_1"),
        (STRAY, "toolu_9"),
    ],
)
async def test_a_malformed_conversation_gets_an_api_error(client, messages, says):
    with pytest.raises(anthropic.BadRequestError) as refused:
        await ask(client, messages)
    assert refused.value.body["type"] == "error"
    assert refused.value.body["error"]["type"] == "invalid_request_error"
    assert says in refused.value.body["error"]["message"]


async def test_raw_requests(server, token):
    head = {"x-api-key": token}
    async with httpx2.AsyncClient(base_url=server.url, headers=head) as raw:
        no_json = await raw.post("/v1/messages", content=b"{")
        no_limit = await raw.post("/v1/messages", json={"model": "m", "messages": HELLO})
        counted = await raw.post("/v1/messages/count_tokens", json={"model": "m", "messages": HELLO})
        elsewhere = await raw.get("/v1/models")
        chunked = await raw.post("/v1/messages", content=_pieces())

    assert (no_json.status_code, no_limit.status_code, elsewhere.status_code) == (400, 400, 404)
    assert "max_tokens" in no_limit.json()["error"]["message"]
    assert counted.json() == {"input_tokens": 4}
    assert elsewhere.json()["error"]["type"] == "not_found_error"
    assert chunked.status_code == 411
    assert no_json.headers["request-id"].startswith("req_")


async def _pieces() -> AsyncIterator[bytes]:
    yield b"{}"


@pytest.mark.parametrize(
    "noise",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 11_000,
        b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
    ],
)
async def test_noise_is_answered_and_cut(server, noise):
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(noise)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    status, _, body = answer.partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 4")
    assert json.loads(body)["error"]["type"] in {"invalid_request_error", "request_too_large"}


async def test_without_tools_it_shortens_what_was_said(client):
    said = (
        "\n".join(f"Person: wish {number}. And much more about it." for number in range(200)) + "\nFiles: result.xlsx"
    )
    answer = await client.messages.create(
        model="rehearsal", max_tokens=100, messages=[{"role": "user", "content": said}]
    )
    text = answer.content[0].text
    assert "Files: result.xlsx" in text
    assert "wish 199." in text
    assert len(text.split()) <= 400


async def test_many_ask_at_once(client):
    answers = await asyncio.gather(*(ask(client, HELLO) for _ in range(30)))
    assert len({answer.id for answer in answers}) == 30
    assert len({answer.content[0].text for answer in answers}) == 1
