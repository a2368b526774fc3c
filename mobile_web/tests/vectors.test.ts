/** The page's side of the golden vectors; `tests/protocol/test_vectors.py` is the other. Both must agree with them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { blobKey, CHUNK_BYTES, chunkCount, openBlob, sealChunk } from "../src/protocol/blobs.ts";
import { openLive, openPush, parseEntry, sealEntry } from "../src/protocol/envelope.ts";
import { Malformed } from "../src/protocol/errors.ts";
import { b64, type Bytes, concat, hex, keyId, kidText, parseKid, type PublicJwk, sha256, unb64, unhex } from "../src/protocol/ids.ts";
import * as jose from "../src/protocol/jose.ts";
import * as pairing from "../src/protocol/pairing.ts";
import { checkBody, type JsonObject, parseLive, strictJson } from "../src/protocol/parse.ts";
import { judge, type Known, type Member, type Role } from "../src/protocol/transcript.ts";

function load(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

const FORMS = load("forms");
const STORIES = load("thread") as any[];
const JOINING = load("joining");

async function expectCase(given: { ok: boolean; value?: unknown }, check: () => unknown): Promise<void> {
  if (given.ok) expect(await check()).toEqual(given.value);
  else await expect((async () => check())()).rejects.toThrow(Malformed);
}

describe("single texts", () => {
  it.each(FORMS.base64url as any[])("base64url $text", (given) => expectCase(given, () => hex(unb64(given.text))));
  it.each(FORMS.json as any[])("JSON $data", (given) =>
    expectCase({ ...given, value: withoutMinusZero(given.value) }, () => withoutMinusZero(strictJson(unhex(given.data)))));
  it.each(FORMS.kid as any[])("key id $text", (given) => expectCase(given, () => kidText(parseKid(given.text))));
  it.each(FORMS.jwk as any[])("public key $jwk", (given) => expectCase(given, async () => keyId(await jose.checkedJwk(given.jwk))));
  it.each(FORMS.jws as any[])("JWS: $name", (given) =>
    expectCase(given, async () => {
      const signed = jose.parseSigned(given.compact, FORMS.signed_by.typ);
      if (!(await jose.verify(signed, FORMS.signed_by.jwk))) throw new Malformed("not by this key");
      return `${signed.kid} ${hex(signed.payload)}`;
    }));
  it.each(FORMS.jwe as any[])("JWE: $name", (given) =>
    expectCase(given, async () => {
      const key = await jose.secretKey(unb64(FORMS.sealed_with.key));
      return hex(await jose.decrypt(given.compact, key, FORMS.sealed_with.kid));
    }));
  it("refuses a text that is too long", () => {
    expect(() => jose.jweKid("A".repeat(250_001))).toThrow("too long");
    expect(() => parseEntry("A".repeat(120_001))).toThrow("too long");
  });
  it.each(FORMS.body as any[])("body $body", (given) => {
    if (given.verdict === "malformed") expect(() => checkBody(given.body)).toThrow(Malformed);
    else expect(checkBody(given.body)).toBe(given.verdict === "known");
  });
  it.each(FORMS.live as any[])("live body $body", (given) => expect(parseLive(given.body) !== null).toBe(given.ok));
});

/** JavaScript tells 0 and -0 apart, JSON and Python's integers do not. */
function withoutMinusZero(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value), (_name, part: unknown) => (part === 0 ? 0 : part));
}

async function readKnown(start: any): Promise<Known> {
  const members = (start.members as any[]).map(
    (one): Member => ({ ...one, role: one.role as Role, fromSeq: one.from_seq, toSeq: one.to_seq }),
  );
  const keys: Record<number, CryptoKey> = {};
  for (const [epoch, key] of Object.entries(start.keys)) keys[Number(epoch)] = await jose.secretKey(unb64(key as string));
  return {
    thread: start.thread, root: start.root, me: start.me, seq: start.seq, head: start.head, epoch: start.epoch,
    hostEpoch: start.host_epoch, gen: start.gen, keys, wrapKey: await jose.secretKey(unb64(start.wrap_key)),
    members: Object.fromEntries(members.map((member) => [member.id, member])),
  };
}

function brief(known: Known) {
  const counts = Object.values(known.members).map((one) => [one.id, [one.n, one.fromSeq, one.toSeq]]);
  return {
    seq: known.seq, head: known.head, epoch: known.epoch, has_keys: Object.keys(known.keys).map(Number),
    counts: Object.fromEntries(counts),
  };
}

describe("a thread is judged entry by entry", () => {
  it.each(STORIES)("$name: $what", async (story) => {
    let known = await readKnown(story.start);
    const heads = new Map([[known.seq, known.head]]);
    for (const step of story.steps) {
      const [after, verdict] = await judge(known, step.seq, step.sealed, (seq) => heads.get(seq) ?? null);
      known = after;
      heads.set(known.seq, known.head);
      expect(verdict.kind, step.reason).toBe(step.verdict);
      if (verdict.kind === "genuine") {
        expect({ device: verdict.device, newer: verdict.newer, body: verdict.plain.body }).toEqual({ device: step.device, newer: step.newer, body: step.body });
      } else if (verdict.kind === "void") {
        expect({ device: verdict.device ?? null, counted: verdict.counted }).toEqual({ device: step.device, counted: step.counted });
      }
      expect(brief(known)).toEqual(step.after);
    }
  });
});

describe("pairing", () => {
  it.each(JOINING.links as any[])("link $text", (given) => expectCase(given, () => pairing.parseLink(given.text).pairing));

  const given = JOINING.pairing;
  const link = pairing.parseLink(given.fragment);
  const bound = unhex(given.bound);
  const shared = unhex(given.shared);

  async function readGrant(slot: string, secret: Bytes = link.secret): Promise<pairing.Grant> {
    return pairing.readGrantSlot(slot, shared, { ...link, secret }, bound, given.root, await keyId(given.device));
  }

  it("follows a whole pairing", async () => {
    const { root, ephemeral } = await pairing.readHostSlot(given.host, link);
    expect(root).toEqual(given.root);
    const own = await crypto.subtle.importKey("jwk", given.ephemeral, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    expect(hex(await pairing.exchange(own, ephemeral))).toBe(given.shared);
    await pairing.readAcceptSlot(given.accept, link.pairing, given.offer, root);
    expect(hex(await pairing.transcript(given.host, given.offer, given.accept))).toBe(given.bound);
    expect(await pairing.digits(shared, link.secret, bound)).toBe(given.digits);
    const grant = await readGrant(given.grant);
    expect("known" in grant && brief(grant.known).seq).toBe(2);
    expect("names" in grant && Object.values(grant.names)).toEqual(["Desk", "Anna's phone"]);
    expect(await readGrant(given.refused)).toEqual({ refused: "the digits were wrong" });
  });

  it("makes an offer that the computer can open", async () => {
    const { ephemeral, ...own } = { ephemeral: given.agent, d: given.ephemeral.d };
    expect(own.d).toBeDefined();
    const { d: _, ...publicPart } = given.ephemeral;
    const offer = strictJson(new TextEncoder().encode(await pairing.offerSlot(link, shared, publicPart as PublicJwk, given.device, "Anna's phone")));
    expect(offer["ephemeral"]).toEqual(publicPart);
    const key = await jose.secretKey(await pairing.derive(shared, link.secret, "deskhand-pair-offer-v1"));
    const inner = strictJson(await jose.decrypt(offer["sealed"] as string, key, `${link.pairing}.offer`));
    expect(inner).toEqual({ device: given.device, name: "Anna's phone" });
    expect(ephemeral.x).toBeDefined();
  });

  it.each(given.bad_hosts as string[])("refuses a foreign first slot %#", async (slot) => {
    await expect(pairing.readHostSlot(slot, link)).rejects.toThrow(Malformed);
  });
  it.each(given.bad_accepts as string[])("refuses an answer to another offer %#", async (slot) => {
    await expect(pairing.readAcceptSlot(slot, link.pairing, given.offer, given.root)).rejects.toThrow(Malformed);
  });
  it.each(given.bad_grants as string[])("refuses a grant that does not fit %#", async (slot) => {
    await expect(readGrant(slot)).rejects.toThrow(Malformed);
  });
});

describe("sealed files", () => {
  it.each(JOINING.blobs as any[])("of $size bytes", async (given) => {
    const blob = await blobKey(given.thread, given.size, given.wire);
    const chunks: Bytes[] = [];
    for (let index = 0; index < chunkCount(given.size); index += 1) {
      chunks.push(await sealChunk(blob, index, new Uint8Array(Math.min(CHUNK_BYTES, given.size - index * CHUNK_BYTES))));
    }
    const sealed = concat(...chunks);
    expect(hex(await sha256(sealed))).toBe(given.sha256);
    expect(concat(...(await openBlob(blob, sealed)))).toEqual(new Uint8Array(given.size));
    await expect(openBlob({ ...blob, size: given.size + 1 }, sealed)).rejects.toThrow(Malformed);
    await expect(openBlob(blob, sealed.slice(0, -1))).rejects.toThrow(Malformed);
    const foreign = sealed.slice();
    foreign[0] = (foreign[0] ?? 0) ^ 1;
    await expect(openBlob(blob, foreign)).rejects.toThrow("not genuine");
  });
});

describe("live frames and notification texts", () => {
  it.each(JOINING.live as any[])("live frame %#", (given) =>
    expectCase(given, async () => (await openLive(given.sealed, await jose.secretKey(unb64(given.key)), given.jwk)).body));
  it.each(JOINING.push as any[])("notification text %#", (given) =>
    expectCase(given, async () => openPush(given.sealed, await jose.secretKey(unb64(given.key)), given.jwk)));
});

describe("what this page seals", () => {
  it("is judged genuine", async () => {
    const [story] = STORIES;
    const known = await readKnown(story.start);
    const device = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", device.publicKey);
    const jwk = { crv, kty, x, y } as PublicJwk;
    const id = await keyId(jwk);
    const member: Member = { id, jwk, role: "client", scopes: ["write"], fromSeq: 1, toSeq: null, n: 0 };
    const body: JsonObject = { id: "0".repeat(32), type: "message", text: "häh? 😀" };
    const plain = { n: 1, at: "2026-03-01T12:00:00Z", seenSeq: 0, seenHead: known.head, body };
    const kid = { use: "entry", thread: known.thread, epoch: 1, device: id, n: 1 } as const;
    const sealed = await sealEntry(plain, kid, known.keys[1] as CryptoKey, device.privateKey);
    const joined = { ...known, members: { ...known.members, [id]: member } };
    const [after, verdict] = await judge(joined, 1, sealed, () => known.head);
    expect(verdict).toEqual({ kind: "genuine", seq: 1, device: id, plain, newer: false });
    expect(after.members[id]?.n).toBe(1);
    expect(b64(unb64(sealed.split(".")[1] ?? ""))).toBe(sealed.split(".")[1]);
    await expect(sealEntry({ ...plain, body: { ...body, text: "x".repeat(65_536) } }, kid, known.keys[1] as CryptoKey, device.privateKey)).rejects.toThrow("send it as a file");
    await expect(sealEntry({ ...plain, body: { ...body, text: "\ud800" } }, kid, known.keys[1] as CryptoKey, device.privateKey)).rejects.toThrow(Malformed);
  });
});
