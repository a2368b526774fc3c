"""Vectors of single texts: base64url, JSON, keys, key ids, JWS, JWE, bodies, live frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bodies import ID, bodies, body_verdict, live_verdict, lives
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jose.backends import ECKey

from relay.protocol import jose
from relay.protocol.errors import Malformed
from relay.protocol.ids import b64, key_id, parse_kid, strict_json, unb64

KEY = jose.PrivateKey.generate()
OTHER = jose.PrivateKey.generate()
SECRET = bytes(range(32))
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TYP = "deskhand-entry+jws"
KID = key_id(KEY.jwk)

Case = dict[str, Any]


def judged(check: Callable[[], Any]) -> Case:
    """What Python says: ``ok`` and, where there is one, the ``value``."""
    try:
        return {"ok": True, "value": check()}
    except Malformed:
        return {"ok": False}


def vectors() -> dict[str, Any]:
    return {
        "base64url": [{"text": text, **judged(lambda text=text: unb64(text).hex())} for text in BASE64],
        "json": [{"data": data.hex(), **judged(lambda data=data: strict_json(data))} for data in json_texts()],
        "kid": [{"text": text, **judged(lambda text=text: str(parse_kid(text)))} for text in kids()],
        "jwk": [{"jwk": jwk, **judged(lambda jwk=jwk: key_id(jose.checked_jwk(jwk)))} for jwk in jwks()],
        "signed_by": {"jwk": KEY.jwk, "typ": TYP},
        "sealed_with": {"key": b64(SECRET), "kid": "a.b"},
        "jws": [{"name": name, "compact": text, **judged(lambda text=text: signed(text))} for name, text in jws()],
        "jwe": [
            {"name": name, "compact": text, **judged(lambda text=text: jose.decrypt(text, SECRET, kid="a.b").hex())}
            for name, text in jwe()
        ],
        "body": [{"body": body, "verdict": body_verdict(body)} for body in bodies()],
        "live": [{"body": body, "ok": live_verdict(body)} for body in lives()],
    }


BASE64 = [
    "",
    "AA",
    "AAA",
    "AAAA",
    "AB",
    "AAB",
    "A",
    "AAAAA",
    "AA==",
    "AA=",
    "A A",
    "AA\n",
    "A+",
    "A/",
    "-_-_",
    "AÀ",
    "__8",
    "__9",
]


def json_texts() -> list[bytes]:
    return [
        b'{"a":1}',
        b' {"a" : [1,2.5,-0.0,1e2,true,null,"x"] }\n',
        b'{"a":1,"a":2}',
        b"[1]",
        b'"a"',
        b"",
        b"{}",
        b'{"a":1}x',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":-}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e400}',
        b'{"a":-1e400}',
        b'{"a":9007199254740991}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":9007199254740991.5}',
        b'{"a":1e300}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1e-400}',
        b'{"a":"\\ud83d\\ude00"}',
        b'{"a":"\\ud83d"}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"\\ud83d":1}',
        b'{"a":"\\u0000"}',
        b'{"a":"\x01"}',
        b'{"a":"\\x41"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xf0\x9f\x98\x80"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xef\xbb\xbf"}',
        b'{"a":1,}',
        b'{"a":[1,]}',
        b"/**/{}",
        b'{"__proto__":{"x":1},"constructor":2}',
        b'{"a":"]]]]}}}}[[[["}',
        b'{"a":"\\\\"}',
        b'{"a":"\\\\\\""}',
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"a":\xc2\xa01}',
        b'\x0c{"a":1}',
    ]


def kids() -> list[str]:
    thread, device = KID, key_id(OTHER.jwk)
    base = f"{thread}.1.{device}"
    return [
        f"{base}.1",
        f"{base}.9007199254740991",
        f"{base}.9007199254740992",
        f"{base}.0",
        f"{base}.01",
        f"{base}.-1",
        f"{base}.1 ",
        f"{base}.",
        base,
        f"{thread}.0.{device}.1",
        f"{thread[:-1]}1.1.{device}.1",
        f"{thread[:-1]}.1.{device}.1",
        f"{thread.upper()}.1.{device}.1",
        f"{base}.live.{ID}.7",
        f"{base}.live.{ID}.0",
        f"{base}.live.{ID}",
        f"{base}.live.{ID[:-1]}.7",
        f"{base}.push.{ID}",
        f"{base}.push.{ID.upper()}",
        f"{base}.push.{ID}.1",
        f"{base}.1.2",
        "",
        "...",
    ]


def jwks() -> list[Any]:
    x = KEY.jwk["x"]
    return [
        KEY.jwk,
        {**KEY.jwk, "alg": "ES256"},
        {**KEY.jwk, "crv": "P-384"},
        {**KEY.jwk, "kty": "OKP"},
        {**KEY.jwk, "x": x[:-1]},
        {**KEY.jwk, "x": x + "="},
        {**KEY.jwk, "x": b64(bytes(31))},
        {**KEY.jwk, "y": OTHER.jwk["y"]},
        {**KEY.jwk, "x": b64(b"\xff" * 32)},
        {**KEY.jwk, "y": 1},
        {name: KEY.jwk[name] for name in ("kty", "crv", "x")},
        KEY.private_jwk(),
        [],
        None,
        "key",
    ]


def signed(text: str) -> str:
    parsed = jose.parse_signed(text, typ=TYP)
    if not jose.verify(parsed, KEY.jwk):
        raise Malformed("not by this key")
    return f"{parsed.kid} {parsed.payload.hex()}"


def reheaded(compact: str, raw: bytes) -> str:
    """The same text under another header; the signature is made anew, so that only the form can be wrong."""
    payload = compact.split(".")[1]
    start = f"{b64(raw)}.{payload}"
    return f"{start}.{b64(ECKey(KEY.secret, 'ES256').sign(start.encode()))}"


def jws() -> list[tuple[str, str]]:
    good = jose.sign(b"payload", KEY, kid=KID, typ=TYP)
    head, payload, tail = good.split(".")
    plain = json.loads(unb64(head))
    raw = unb64(head)
    s = int.from_bytes(unb64(tail)[32:], "big")
    return [
        ("good", good),
        ("good, empty payload", jose.sign(b"", KEY, kid=KID, typ=TYP)),
        ("made again by hand", reheaded(good, raw)),
        ("malleable twin", f"{head}.{payload}.{b64(unb64(tail)[:32] + (ORDER - s).to_bytes(32, 'big'))}"),
        ("other key", jose.sign(b"payload", OTHER, kid=KID, typ=TYP)),
        ("other type", jose.sign(b"payload", KEY, kid=KID, typ="deskhand-live+jws")),
        ("payload changed", f"{head}.{b64(b'payloae')}.{tail}"),
        ("signature of zeros", f"{head}.{payload}.{b64(bytes(64))}"),
        ("signature too short", f"{head}.{payload}.{b64(bytes(63))}"),
        ("signature too long", f"{head}.{payload}.{b64(bytes(65))}"),
        ("signature not canonical", f"{good[:-1]}{chr(ord(good[-1]) + 1) if good[-1] in 'AQgw' else 'B'}"),
        ("no signature", f"{head}.{payload}."),
        ("two parts", f"{head}.{payload}"),
        ("four parts", f"{good}.AA"),
        ("padding", f"{head}=.{payload}.{tail}"),
        ("line break", f"{good}\n"),
        ("empty", ""),
        ("alg none", reheaded(good, json.dumps({**plain, "alg": "none"}, separators=(",", ":")).encode())),
        ("alg HS256", reheaded(good, json.dumps({**plain, "alg": "HS256"}, separators=(",", ":")).encode())),
        ("crit", reheaded(good, json.dumps({**plain, "crit": []}, separators=(",", ":"), sort_keys=True).encode())),
        (
            "jwk in the header",
            reheaded(good, json.dumps({**plain, "jwk": KEY.jwk}, separators=(",", ":"), sort_keys=True).encode()),
        ),
        ("spaces", reheaded(good, raw.replace(b":", b": "))),
        (
            "members in another order",
            reheaded(good, json.dumps(dict(reversed(plain.items())), separators=(",", ":")).encode()),
        ),
        ("a member twice", reheaded(good, raw.replace(b'{"alg":"ES256"', b'{"alg":"none","alg":"ES256"'))),
        ("escaped member", reheaded(good, raw.replace(b"ES256", b"\\u0045S256"))),
        ("byte order mark", reheaded(good, b"\xef\xbb\xbf" + raw)),
        ("UTF-16", reheaded(good, raw.decode().encode("utf-16-le"))),
        ("no kid", reheaded(good, b'{"alg":"ES256","typ":"deskhand-entry+jws"}')),
        ("kid is a number", reheaded(good, b'{"alg":"ES256","kid":1,"typ":"deskhand-entry+jws"}')),
        ("kid is empty", reheaded(good, b'{"alg":"ES256","kid":"","typ":"deskhand-entry+jws"}')),
        ("kid with a quote", reheaded(good, b'{"alg":"ES256","kid":"a\\"","typ":"deskhand-entry+jws"}')),
        ("kid in capitals", reheaded(good, b'{"alg":"ES256","kid":"A","typ":"deskhand-entry+jws"}')),
        ("kid not ASCII", reheaded(good, '{"alg":"ES256","kid":"é","typ":"deskhand-entry+jws"}'.encode())),
        ("kid of 200", reheaded(good, b'{"alg":"ES256","kid":"' + b"a" * 200 + b'","typ":"deskhand-entry+jws"}')),
        ("kid of 201", reheaded(good, b'{"alg":"ES256","kid":"' + b"a" * 201 + b'","typ":"deskhand-entry+jws"}')),
        ("header is a list", reheaded(good, b'["alg","kid","typ"]')),
        ("header is not JSON", reheaded(good, b'{"alg"')),
    ]


def jwe() -> list[tuple[str, str]]:
    good = jose.encrypt(b"plain text", SECRET, kid="a.b")
    head, _, iv, text, tag = good.split(".")
    raw = unb64(head)

    def again(header: bytes) -> str:
        sealed = AESGCM(SECRET).encrypt(unb64(iv), b"plain text", b64(header).encode())
        return f"{b64(header)}..{iv}.{b64(sealed[:-16])}.{b64(sealed[-16:])}"

    return [
        ("good", good),
        ("empty plaintext", jose.encrypt(b"", SECRET, kid="a.b")),
        ("made again by hand", again(raw)),
        ("other key", jose.encrypt(b"plain text", bytes(32), kid="a.b")),
        ("other kid", jose.encrypt(b"plain text", SECRET, kid="a.c")),
        ("text changed", f"{head}..{iv}.{b64(bytes([unb64(text)[0] ^ 1]) + unb64(text)[1:])}.{tag}"),
        ("tag changed", f"{head}..{iv}.{text}.{b64(bytes(16))}"),
        ("tag of 12 bytes", f"{head}..{iv}.{text}.{b64(unb64(tag)[:12])}"),
        ("IV of 16 bytes", f"{head}..{b64(bytes(16))}.{text}.{tag}"),
        ("an encrypted key", f"{head}.AAAA.{iv}.{text}.{tag}"),
        ("text not canonical", f"{head}..{iv}.{text}=.{tag}"),
        ("four parts", f"{head}..{iv}.{text}"),
        ("six parts", f"{good}."),
        ("zip", again(b'{"alg":"dir","enc":"A256GCM","kid":"a.b","zip":"DEF"}')),
        ("A256KW", again(b'{"alg":"A256KW","enc":"A256GCM","kid":"a.b"}')),
        ("A128GCM", again(b'{"alg":"dir","enc":"A128GCM","kid":"a.b"}')),
        ("spaces", again(b'{"alg": "dir","enc":"A256GCM","kid":"a.b"}')),
        ("members in another order", again(b'{"enc":"A256GCM","alg":"dir","kid":"a.b"}')),
        ("a member twice", again(b'{"alg":"dir","enc":"A256GCM","kid":"x","kid":"a.b"}')),
        ("no kid", again(b'{"alg":"dir","enc":"A256GCM"}')),
        ("byte order mark", again(b"\xef\xbb\xbf" + raw)),
        ("byte order mark outside", "\ufeff" + good),
    ]
