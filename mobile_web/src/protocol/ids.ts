/** Names of the protocol: strict base64url, key thumbprints, thread and device ids, key ids (SPEC 1). */
import { Malformed } from "./errors.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Public P-256 key: exactly these members. */
export interface PublicJwk {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

const ID = /^[a-z2-7]{32}$/;
const HEX_ID = /^[0-9a-f]{32}$/;
const COUNT = /^[1-9][0-9]{0,15}$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const CHUNK = 0x8000;

const encoder = new TextEncoder();

/** UTF-8; unpaired surrogates become U+FFFD (see `rawUtf8`). */
export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** UTF-8 that keeps unpaired surrogates as three bytes each: what a broken text hashes to. */
export function rawUtf8(text: string): Bytes {
  if (!/\p{Surrogate}/u.test(text)) return utf8(text);
  const parts = Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0xd800 || code > 0xdfff) return utf8(char);
    return new Uint8Array([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
  });
  return concat(...parts);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Base64url without padding (RFC 7515 §2). */
export function b64(data: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < data.length; at += CHUNK) binary += String.fromCharCode(...data.subarray(at, at + CHUNK));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Decode canonical base64url; throws `Malformed` for padding, foreign characters or stray tail bits. */
export function unb64(text: string): Bytes {
  if (!BASE64URL.test(text) || text.length % 4 === 1) throw new Malformed("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const data = new Uint8Array(binary.length);
  for (let at = 0; at < data.length; at += 1) data[at] = binary.charCodeAt(at);
  if (b64(data.subarray(data.length - (data.length % 3))) !== text.slice(text.length - (text.length % 4))) {
    throw new Malformed("base64url is not canonical");
  }
  return data;
}

export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** The one spelling of a JSON value: members sorted, no spaces, UTF-8. Throws `Malformed` for what JSON cannot say. */
export function canonicalJson(value: unknown): Bytes {
  const text = JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === "number" && !Number.isFinite(part)) throw new Malformed("not a JSON value");
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  if (text === undefined || /\\ud[89a-f]/.test(text.replaceAll("\\\\", ""))) throw new Malformed("not a JSON value");
  return utf8(text);
}

/** Check a P-256 public key and return exactly its four required members. Throws `Malformed`. */
export function publicJwk(jwk: unknown): PublicJwk {
  if (typeof jwk !== "object" || jwk === null) throw new Malformed("not a public P-256 JWK");
  const { kty, crv, x, y } = jwk as Record<string, unknown>;
  if (Object.keys(jwk).sort().join() !== "crv,kty,x,y") throw new Malformed("not a public P-256 JWK");
  if (kty !== "EC" || crv !== "P-256") throw new Malformed("not a P-256 key");
  for (const coordinate of [x, y]) {
    if (typeof coordinate !== "string" || unb64(coordinate).length !== 32) {
      throw new Malformed("a coordinate is not 32 bytes");
    }
  }
  return { crv, kty, x: x as string, y: y as string };
}

/** Raw 32-byte SHA-256 thumbprint of a public key (RFC 7638). */
export async function thumbprint(jwk: unknown): Promise<Bytes> {
  return sha256(canonicalJson(publicJwk(jwk)));
}

/** The id of a key: for the root key the thread id, for a device key the device id. */
export async function keyId(jwk: unknown): Promise<string> {
  const digest = await sha256(await thumbprint(jwk));
  let bits = 0;
  let held = 0;
  let text = "";
  for (const byte of digest.subarray(0, 20)) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return text;
}

export function isKeyId(text: unknown): text is string {
  return typeof text === "string" && ID.test(text);
}

/** A body, blob, pairing or stream id: 128 bits in lower-case hex. */
export function isHexId(text: unknown): text is string {
  return typeof text === "string" && HEX_ID.test(text);
}

export function newHexId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Key id of an inner JWE: an entry, a live frame or a notification text. */
export type Kid =
  | { readonly use: "entry"; readonly thread: string; readonly epoch: number; readonly device: string; readonly n: number }
  | {
      readonly use: "live";
      readonly thread: string;
      readonly epoch: number;
      readonly device: string;
      readonly stream: string;
      readonly i: number;
    }
  | { readonly use: "push"; readonly thread: string; readonly epoch: number; readonly device: string; readonly id: string };

export type EntryKid = Extract<Kid, { use: "entry" }>;
export type LiveKid = Extract<Kid, { use: "live" }>;
export type PushKid = Extract<Kid, { use: "push" }>;

export function kidText(kid: Kid): string {
  const base = `${kid.thread}.${kid.epoch}.${kid.device}`;
  switch (kid.use) {
    case "entry":
      return `${base}.${kid.n}`;
    case "live":
      return `${base}.live.${kid.stream}.${kid.i}`;
    case "push":
      return `${base}.push.${kid.id}`;
  }
}

function count(text: string | undefined): number {
  if (text === undefined || !COUNT.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new Malformed("a counter of a key id is not a positive integer");
  }
  return Number(text);
}

/** Read the key id of an inner JWE; throws `Malformed` for any other text. */
export function parseKid(text: string): Kid {
  const [thread, epochText, device, ...rest] = text.split(".");
  if (rest.length === 0 || !isKeyId(thread) || !isKeyId(device)) throw new Malformed("not a key id");
  const base = { thread, epoch: count(epochText), device };
  const [first, name, last] = rest;
  if (rest.length === 1) return { use: "entry", ...base, n: count(first) };
  if (rest.length === 3 && first === "live" && isHexId(name)) return { use: "live", ...base, stream: name, i: count(last) };
  if (rest.length === 2 && first === "push" && isHexId(name)) return { use: "push", ...base, id: name };
  throw new Malformed("not a key id");
}
