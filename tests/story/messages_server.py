"""A Messages API on a loopback port that answers by script: the real protocol, with every way it can go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer. ``cut_after``: break the connection after so many events; ``raw_input``: a tool input as it is."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    stop: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: str = "api_error"
    cut_after: int | None = None
    raw_input: str | None = None
    stream_error: str | None = None


Script = Callable[[dict[str, Any]], Answer]


class MessagesServer:
    """Answers from `script(request)`; keeps what was asked in ``requests``."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.script: Script = lambda _request: Answer("Hello.")
        self._calls = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with server._lock:
                    server.requests.append(body)
                    answer = server.script(body)
                server._write(self, answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def in_order(self, *answers: Answer) -> None:
        """Give these answers one after another; the last one for ever."""
        left = list(answers)
        self.script = lambda _request: left.pop(0) if len(left) > 1 else left[0]

    def _write(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer.status != 200:
            body = json.dumps(
                {"type": "error", "error": {"type": answer.error, "message": f"scripted {answer.status}"}}
            ).encode()
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.send_header("content-type", "application/json")
            handler.send_header("content-length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        for number, event in enumerate(self._events(answer)):
            if answer.cut_after is not None and number >= answer.cut_after:
                return
            handler.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            handler.wfile.flush()

    def _events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        usage = {"input_tokens": 10, "output_tokens": 1}
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        yield {"type": "message_start", "message": message}
        index = 0
        if answer.text:
            yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
            for word in answer.text.split(" "):
                delta = {"type": "text_delta", "text": word + " "}
                yield {"type": "content_block_delta", "index": 0, "delta": delta}
            yield {"type": "content_block_stop", "index": 0}
            index = 1
        if answer.stream_error is not None:
            yield {"type": "error", "error": {"type": answer.stream_error, "message": "scripted"}}
            return
        for name, given in answer.calls:
            self._calls += 1
            block = {"type": "tool_use", "id": f"toolu_{self._calls}", "name": name, "input": {}}
            yield {"type": "content_block_start", "index": index, "content_block": block}
            written = answer.raw_input if answer.raw_input is not None else json.dumps(given)
            delta = {"type": "input_json_delta", "partial_json": written}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
            index += 1
        stop = answer.stop or ("tool_use" if answer.calls else "end_turn")
        yield {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}
        yield {"type": "message_stop"}


@contextmanager
def messages_server() -> Iterator[MessagesServer]:
    """A server while the context lasts."""
    server = MessagesServer()
    server._thread.start()
    try:
        yield server
    finally:
        server._http.shutdown()
        server._http.server_close()


def is_front_desk(request: dict[str, Any]) -> bool:
    """Whether the front desk asks (a task has other tools)."""
    return any(tool["name"] == "start_task" for tool in request.get("tools", []))


def last_text(request: dict[str, Any]) -> str:
    """The last text of the conversation."""
    content = request["messages"][-1]["content"]
    return content if isinstance(content, str) else json.dumps(content)
