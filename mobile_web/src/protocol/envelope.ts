/** Sealing and opening: entries, live frames and notification texts (SPEC 2). */
import { Malformed } from "./errors.ts";
import { MAX_PLAINTEXT_BYTES, MAX_SEALED_CHARS } from "./generated.ts";
import { type Bytes, canonicalJson, type EntryKid, type Kid, kidText, type LiveKid, parseKid, type PublicJwk, utf8 } from "./ids.ts";
import * as jose from "./jose.ts";
import { isObject, type JsonObject, strictJson } from "./parse.ts";

const VERSION = 1;
const ENTRY_TYP = "deskhand-entry+jws";
const LIVE_TYP = "deskhand-live+jws";
const PUSH_TYP = "deskhand-push+jws";

/** An entry as everybody can see it, keys or not. */
export interface SealedEntry {
  readonly kid: EntryKid;
  readonly signed: jose.SignedText;
}

/** What an opened entry says: times are RFC 3339 UTC, `seenHead` is a 64-digit hex head. */
export interface Plaintext {
  readonly n: number;
  readonly at: string;
  readonly seenSeq: number;
  readonly seenHead: string;
  readonly body: JsonObject;
}

/** Check the form of a sealed entry without any key. Throws `Malformed`. */
export function parseEntry(sealed: string): SealedEntry {
  if (sealed.length > MAX_SEALED_CHARS) throw new Malformed("a sealed entry is too long");
  const { signed, kid } = parse(sealed, ENTRY_TYP);
  if (kid.use !== "entry") throw new Malformed("not an entry's key id");
  return { kid, signed };
}

/** Seal and sign one entry. Throws `Malformed` where the body is larger than `MAX_PLAINTEXT_BYTES`. */
export async function sealEntry(plain: Plaintext, kid: EntryKid, threadKey: CryptoKey, device: CryptoKey): Promise<string> {
  const { n, at, seenSeq, seenHead, body } = plain;
  const data = canonicalJson({ v: VERSION, n, at, seen: { seq: seenSeq, head: seenHead }, body });
  if (data.length > MAX_PLAINTEXT_BYTES) throw new Malformed("an entry is larger than 64 KiB; send it as a file");
  return seal(data, kid, threadKey, device, ENTRY_TYP);
}

/** Open an entry whose signature was checked before. Throws `Malformed`; the body's own schema is not checked. */
export async function openEntry(entry: SealedEntry, threadKey: CryptoKey): Promise<Plaintext> {
  const data = await jose.decrypt(jose.text(entry.signed.payload), threadKey, kidText(entry.kid));
  if (data.length > MAX_PLAINTEXT_BYTES) throw new Malformed("an entry is larger than 64 KiB");
  const { v, n, at, seen, body } = strictJson(data);
  if (
    v === VERSION && n === entry.kid.n && typeof at === "string"
    && isObject(seen) && Number.isInteger(seen["seq"]) && (seen["seq"] as number) >= 0 && typeof seen["head"] === "string"
    && isObject(body) && typeof body["id"] === "string" && typeof body["type"] === "string"
  ) {
    return { n: entry.kid.n, at, seenSeq: seen["seq"] as number, seenHead: seen["head"], body };
  }
  throw new Malformed("not an entry of version 1");
}

/** Seal and sign a live frame: worth seeing now, never stored. */
export async function sealLive(
  body: object, at: string, kid: LiveKid, threadKey: CryptoKey, device: CryptoKey,
): Promise<string> {
  const data = canonicalJson({ v: VERSION, at, body });
  if (data.length > MAX_PLAINTEXT_BYTES) throw new Malformed("a live frame is larger than 64 KiB");
  return seal(data, kid, threadKey, device, LIVE_TYP);
}

/** The key id of a live frame or notification text, before it is opened. Throws `Malformed`. */
export function sealedKid(sealed: string, use: "live" | "push"): Kid {
  return parse(sealed, use === "live" ? LIVE_TYP : PUSH_TYP).kid;
}

/** Verify and open a live frame by the device whose public key is `sender`. Throws `Malformed`. */
export async function openLive(
  sealed: string, threadKey: CryptoKey, sender: PublicJwk,
): Promise<{ kid: LiveKid; body: JsonObject }> {
  const { signed, kid } = parse(sealed, LIVE_TYP);
  if (kid.use !== "live" || !(await jose.verify(signed, sender))) throw new Malformed("not a live frame of this device");
  return { kid, body: await openBody(signed, kid, threadKey) };
}

/** Verify and open a notification text. Throws `Malformed`. */
export async function openPush(sealed: string, threadKey: CryptoKey, sender: PublicJwk): Promise<JsonObject> {
  const { signed, kid } = parse(sealed, PUSH_TYP);
  if (kid.use !== "push" || !(await jose.verify(signed, sender))) throw new Malformed("not a notification of this device");
  return openBody(signed, kid, threadKey);
}

function parse(sealed: string, typ: string): { signed: jose.SignedText; kid: Kid } {
  const signed = jose.parseSigned(sealed, typ);
  const kid = parseKid(jose.jweKid(jose.text(signed.payload)));
  if (kid.device !== signed.kid) throw new Malformed("sealed by one device, signed by another");
  return { signed, kid };
}

async function seal(data: Bytes, kid: Kid, threadKey: CryptoKey, device: CryptoKey, typ: string): Promise<string> {
  const inner = await jose.encrypt(data, threadKey, kidText(kid));
  return jose.sign(utf8(inner), device, kid.device, typ);
}

async function openBody(signed: jose.SignedText, kid: Kid, threadKey: CryptoKey): Promise<JsonObject> {
  const { v, at, body } = strictJson(await jose.decrypt(jose.text(signed.payload), threadKey, kidText(kid)));
  if (v === VERSION && typeof at === "string" && isObject(body)) return body;
  throw new Malformed("not of version 1");
}
