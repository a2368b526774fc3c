"""The HTTP twins: threads, tokens, entries, pairing, files, page and health."""

import asyncio
import gzip
import json

import httpx2
import pytest

from relay.protocol import envelope, frames, jose
from relay.protocol.ids import b64
from tests.relay.device import HELLO_TYP, THREAD_TYP, Device, Line, join, message, new_thread, sign_claim
from tests.relay.running import Running, running_relay


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["message"]
    return answer.status_code, answer.json()["code"]


# --- opening a thread ---


async def test_the_same_thread_may_be_asked_for_again_but_not_with_another_first_entry(relay: Running):
    host = await new_thread(relay.url, relay.http)
    host_cert = host.verdicts[0].plain.body["cert"]

    async def ask(sealed: str) -> httpx2.Response:
        nonce = (await relay.http.get("/v1/challenge")).json()["nonce"]
        proof = sign_claim(THREAD_TYP, host.root, nonce, relay.url, host.thread, host.id)
        body = {"root": host.root.jwk, "proof": proof, "cert": host_cert, "sealed": sealed}
        return await relay.http.post("/v1/threads", json=body)

    headers = await host.token(relay.http)
    first = (await relay.http.get("/v1/entries", headers=headers)).json()["items"][0]["sealed"]
    assert (await ask(first)).json() == {"thread": host.thread, "seq": 1}
    assert problem(await ask(host.seal(message("x"), n=1))) == (409, "conflict")


async def test_a_thread_is_opened_only_by_its_root_key_and_once_a_challenge(relay: Running):
    host = await new_thread(relay.url, relay.http)
    stranger = jose.PrivateKey.generate()
    nonce = (await relay.http.get("/v1/challenge")).json()["nonce"]
    body = {"root": host.root.jwk, "cert": host.verdicts[0].plain.body["cert"], "sealed": host.seal(message("x"), n=1)}

    async def ask(key: jose.PrivateKey, nonce: str) -> tuple[int, str]:
        proof = sign_claim(THREAD_TYP, key, nonce, relay.url, host.thread, host.id)
        return problem(await relay.http.post("/v1/threads", json={**body, "proof": proof}))

    assert await ask(stranger, nonce) == (401, "unauthorized")
    assert await ask(host.root, nonce) == (401, "unauthorized")  # used up
    assert await ask(host.root, "made up") == (401, "unauthorized")


async def test_registration_by_invite_or_not_at_all(tmp_path):
    secret = "a secret of many letters"
    async with running_relay(tmp_path / "invite", registration="invite", invite=secret) as relay:
        await new_thread(relay.url, relay.http, invite=secret)
        with pytest.raises(AssertionError, match="closed"):
            await new_thread(relay.url, relay.http, invite="guessed")
    async with running_relay(tmp_path / "closed", registration="closed") as relay:
        with pytest.raises(AssertionError, match="closed"):
            await new_thread(relay.url, relay.http)


# --- tokens ---


async def test_a_request_without_a_good_token_is_refused(relay: Running, host: Device):
    other_key = jose.PrivateKey.generate()
    claims = {"iss": "deskhand-relay", "sub": host.id, "thread": host.thread, "iat": 1, "exp": 9999999999}
    unsigned = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims)) + "."
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {unsigned}"},
        {"Authorization": f"Bearer {jose.sign_token(claims, other_key)}"},
    ):
        answer = await relay.http.get("/v1/entries", headers=headers)
        assert problem(answer) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_challenge_serves_once(relay: Running, host: Device):
    nonce = (await relay.http.get("/v1/challenge")).json()["nonce"]
    jws = sign_claim(HELLO_TYP, host.key, nonce, relay.url, host.thread, host.id)

    assert (await relay.http.post("/v1/token", json={"jws": jws})).json()["expires_in"] == 600
    assert problem(await relay.http.post("/v1/token", json={"jws": jws})) == (401, "unauthorized")


# --- entries ---


async def test_entries_over_http_follow_the_same_rules(relay: Running, host: Device, host_line: Line, phone: Device):
    headers = {**await phone.token(relay.http), "Content-Type": "application/json"}
    append = phone.next(message("by post"))

    async def post(entry: frames.Append) -> httpx2.Response:
        return await relay.http.post("/v1/entries", content=frames.dump(entry), headers=headers)

    assert (await post(append)).json() == {"seq": 3}
    assert (await post(append)).json() == {"seq": 3}
    answer = await post(frames.Append(n=9, sealed=phone.seal(message("x"), n=9)))
    assert problem(answer) == (409, "gap")
    assert answer.json()["next_n"] == 2
    assert problem(await relay.http.post("/v1/entries", content="{", headers=headers)) == (400, "bad_frame")
    answer = await relay.http.post("/v1/entries", json={"n": 2, "sealed": "x" * 130_000}, headers=headers)
    assert problem(answer) == (413, "too_large")
    answer = await relay.http.post("/v1/entries", json={"n": 2, "sealed": "x" * 600_000}, headers=headers)
    assert problem(answer) == (413, "too_large")
    await host.catch_up(host_line, 3)
    assert host.texts() == ["by post"]


async def test_pages_forward_and_backward(relay: Running, host: Device, host_line: Line):
    for index in range(9):
        await host_line.append(host.next(message(str(index))))
    await host.catch_up(host_line, 10)
    headers = await host.token(relay.http)

    async def page(query: str) -> tuple[int, int, str]:
        answer = (await relay.http.get(f"/v1/entries?{query}", headers=headers)).json()
        assert answer["type"] == "entries"
        return answer["first"], len(answer["items"]), answer["prev"]

    assert await page("after=4&limit=3") == (5, 3, host.heads[4])
    assert await page("after=10") == (11, 0, host.heads[10])
    assert await page("before=5&limit=3") == (2, 3, host.heads[1])
    assert (await page("before=3&limit=50"))[:2] == (1, 2)
    assert (await page("before=1"))[:2] == (1, 0)
    assert (await page(""))[:2] == (1, 10)
    for query, expected in (("after=11", (409, "behind")), ("after=1&before=5", (400, "bad_frame"))):
        assert problem(await relay.http.get(f"/v1/entries?{query}", headers=headers)) == expected
    assert problem(await relay.http.get("/v1/entries?after=-1", headers=headers)) == (400, "bad_frame")


# --- pairing ---


async def test_a_pairing_through_its_slots(relay: Running, host: Device, phone: Device):
    agent, client = await host.token(relay.http), await phone.token(relay.http)
    base = f"/v1/pairings/{envelope.new_hex_id()}"

    async def put(slot: str, text: str, headers: dict[str, str] | None = None) -> httpx2.Response:
        return await relay.http.put(f"{base}/{slot}", content=text, headers=headers)

    assert problem(await relay.http.get(f"{base}/host")) == (404, "not_found")
    assert problem(await put("offer", "too early")) == (404, "not_found")
    assert problem(await put("host", "h", client)) == (401, "unauthorized")
    assert problem(await put("host", "h")) == (401, "unauthorized")
    assert (await put("host", "h", agent)).status_code == 201
    assert (await relay.http.get(f"{base}/host")).text == "h"
    assert (await relay.http.get(f"{base}/offer")).status_code == 204

    waiting = asyncio.create_task(relay.http.get(f"{base}/offer?wait=1"))
    await asyncio.sleep(0)
    assert (await put("offer", "ö")).status_code == 201
    assert (await waiting).text == "ö"
    assert problem(await put("offer", "another phone")) == (409, "conflict")
    assert problem(await put("accept", "a")) == (401, "unauthorized")
    assert (await put("accept", "a", agent)).status_code == 201
    assert (await put("grant", "g", agent)).status_code == 201
    assert problem(await put("fifth", "x", agent)) == (400, "bad_frame")
    assert problem(await put("offer", "x" * 200_000)) == (413, "too_large")


async def test_a_long_poll_ends_with_nothing(tmp_path):
    async with running_relay(tmp_path, long_poll_s=0.05) as relay:
        host = await new_thread(relay.url, relay.http)
        base = f"/v1/pairings/{envelope.new_hex_id()}"
        await relay.http.put(f"{base}/host", content="h", headers=await host.token(relay.http))
        assert (await relay.http.get(f"{base}/offer?wait=1")).status_code == 204


async def test_pairing_codes_are_limited(tmp_path):
    async with running_relay(tmp_path, pairings_per_hour=2) as relay:
        host = await new_thread(relay.url, relay.http)
        headers = await host.token(relay.http)
        answers = [
            await relay.http.put(f"/v1/pairings/{envelope.new_hex_id()}/host", content="h", headers=headers)
            for _ in range(3)
        ]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["retry-after"]) > 60


# --- files ---


async def test_a_file_is_uploaded_named_by_an_entry_and_read_in_ranges(
    relay: Running, host: Device, host_line: Line, phone: Device
):
    headers, name = await phone.token(relay.http), envelope.new_hex_id()
    data = bytes(range(256)) * 4000
    url = f"/v1/blobs/{name}"

    async with phone.connect() as line:
        append = phone.next(message("with a file"), blobs=[name])
        error = await line.refusal(append)
        assert (error["code"], error["n"]) == ("blobs_missing", 1)
        assert name in error["message"]

        assert (await relay.http.put(url, content=data, headers=headers)).status_code == 201
        assert await line.append(append) == 3

    reader = await host.token(relay.http)
    whole = await relay.http.get(url, headers=reader)
    assert whole.content == data
    for asked, start, end in (("10-19", 10, 20), ("1000000-", 1000000, None), ("-5", -5, None)):
        part = await relay.http.get(url, headers={**reader, "Range": f"bytes={asked}"})
        assert part.status_code == 206
        assert part.content == data[start:end]
    assert part.headers["content-range"] == f"bytes {len(data) - 5}-{len(data) - 1}/{len(data)}"
    outside = await relay.http.get(url, headers={**reader, "Range": f"bytes={len(data)}-"})
    assert outside.status_code == 416
    head = await relay.http.head(url, headers=reader)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(data)))

    assert (await relay.http.put(url, content=data, headers=headers)).status_code == 201
    assert problem(await relay.http.put(url, content=b"other", headers=headers)) == (409, "conflict")


async def test_an_upload_goes_on_where_it_stopped(relay: Running, host: Device):
    headers, url = await host.token(relay.http), f"/v1/blobs/{envelope.new_hex_id()}"

    def piece(start: int, data: bytes) -> dict[str, str]:
        return {**headers, "Content-Range": f"bytes {start}-{start + len(data) - 1}/10"}

    answer = await relay.http.put(url, content=b"01234", headers=piece(0, b"01234"))
    assert (answer.status_code, answer.headers["upload-offset"]) == (202, "5")
    assert problem(await relay.http.get(url, headers=headers)) == (404, "not_found")
    missing = await relay.http.head(url, headers=headers)
    assert (missing.status_code, missing.headers["upload-offset"]) == (404, "5")
    assert problem(await relay.http.put(url, content=b"89", headers=piece(8, b"89"))) == (409, "conflict")
    assert (await relay.http.put(url, content=b"56789", headers=piece(5, b"56789"))).status_code == 201
    assert (await relay.http.get(url, headers=headers)).content == b"0123456789"


async def test_an_upload_that_broke_off_goes_on(relay: Running, host: Device):
    headers, url = await host.token(relay.http), f"/v1/blobs/{envelope.new_hex_id()}"
    data = bytes(range(256)) * 10_000

    async def arrived() -> int:
        return int((await relay.http.head(url, headers=headers)).headers["upload-offset"])

    _, writer = await asyncio.open_connection("127.0.0.1", relay.config.port)
    request = f"PUT {url} HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
    writer.write(f"{request}Content-Length: {len(data)}\r\n\r\n".encode() + data[:2_000_000])
    async with asyncio.timeout(10):
        while not await arrived():
            pass
        writer.close()
        answer = None
        while answer is None or answer.json().get("code") == "unavailable":  # until the broken upload is over
            start = await arrived()
            rest = {**headers, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            answer = await relay.http.put(url, content=data[start:], headers=rest)
    assert 0 < start <= 2_000_000
    assert answer.status_code == 201
    assert (await relay.http.get(url, headers=headers)).content == data


async def test_files_are_limited_and_belong_to_one_thread(tmp_path):
    async with running_relay(tmp_path, blob_bytes=1000, storage_bytes=1024 * 1024 + 4000) as relay:
        host = await new_thread(relay.url, relay.http)
        headers, name = await host.token(relay.http), envelope.new_hex_id()
        answer = await relay.http.put(f"/v1/blobs/{name}", content=b"x" * 1001, headers=headers)
        assert problem(answer) == (413, "too_large")
        codes = [
            (
                await relay.http.put(f"/v1/blobs/{envelope.new_hex_id()}", content=b"x" * 1000, headers=headers)
            ).status_code
            for _ in range(4)
        ]
        assert codes[0] == 201
        assert codes[-1] == 507

        await relay.http.put(f"/v1/blobs/{name}", content=b"mine", headers=headers)
        stranger = await (await new_thread(relay.url, relay.http)).token(relay.http)
        assert problem(await relay.http.get(f"/v1/blobs/{name}", headers=stranger)) == (404, "not_found")


# --- page and health ---


async def test_health_reads_the_store(relay: Running):
    assert (await relay.http.get("/healthz")).json() == {"status": "ok"}


async def test_every_answer_is_strict_about_what_a_page_may_do(relay: Running):
    for path in ("/healthz", "/", "/v1/entries", "/nothing"):
        headers = (await relay.http.get(path)).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert set(policy["connect-src"].split()) == {"'self'"} | {
            origin.replace("http", "ws") for origin in relay.config.origins
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "permissions-policy" in headers
        assert "strict-transport-security" not in headers


async def test_the_page_is_served_compressed_and_cached_by_its_names(tmp_path):
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    script = "let deskhand = 1;\n" * 100
    (page / "index.html").write_text("<!doctype html>")
    (page / "sw.js").write_text(script)
    (page / "assets/main-Bx3k9_aZ.js").write_text(script)
    (page / "assets/main-Bx3k9_aZ.js.br").write_bytes(b"brotli")
    (tmp_path / "secret").write_text("secret")
    async with running_relay(tmp_path / "data", page_dir=page) as relay:
        get = relay.http.get
        index = await get("/")
        assert (index.text, index.headers["cache-control"]) == ("<!doctype html>", "no-cache")
        again = await get("/", headers={"If-None-Match": index.headers["etag"]})
        assert again.status_code == 304

        worker = await get("/sw.js", headers={"Accept-Encoding": "gzip"})
        assert (worker.text, worker.headers["content-encoding"]) == (script, "gzip")
        assert worker.headers["cache-control"] == "no-cache"
        assert worker.headers["content-type"].startswith("text/javascript")
        hashed = await get("/assets/main-Bx3k9_aZ.js", headers={"Accept-Encoding": "identity"})
        assert "immutable" in hashed.headers["cache-control"]
        assert "content-encoding" not in hashed.headers
        async with relay.http.stream("GET", "/assets/main-Bx3k9_aZ.js", headers={"Accept-Encoding": "br, gzip"}) as br:
            assert br.headers["content-encoding"] == "br"
            assert b"".join([part async for part in br.aiter_raw()]) == b"brotli"
        for path in ("/../secret", "/%2e%2e/secret", "/assets/%2e%2e/%2e%2e/secret", "/%00", "/assets", "/no.js"):
            assert problem(await get(path)) == (404, "not_found")

        (page / "sw.js").write_text("changed")
        worker = await get("/sw.js", headers={"Accept-Encoding": "gzip"})
        assert worker.text == "changed"
    assert len(gzip.compress(script.encode())) < len(script)


async def test_a_page_that_is_not_built_says_what_to_do(tmp_path):
    async with running_relay(tmp_path / "data", page_dir=tmp_path / "nothing") as relay:
        answer = await relay.http.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_unknown_methods_and_places_are_problems(relay: Running):
    assert problem(await relay.http.post("/healthz")) == (405, "bad_frame")
    assert problem(await relay.http.get("/v1/nothing")) == (404, "not_found")


async def test_joining_gives_the_phone_the_threads_head(host: Device, host_line: Line):
    phone = await join(host, host_line)
    assert phone.known.seq == host.known.seq == 2
