/**
 * The one strict wrapper of JOSE (SPEC 2), straight over WebCrypto. A header is rebuilt from its parsed members and
 * must equal the received bytes, every part must be canonical, and only ES256 and `dir` + A256GCM exist.
 */
import { Malformed } from "./errors.ts";
import { b64, type Bytes, concat, type PublicJwk, publicJwk, unb64, utf8 } from "./ids.ts";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;
const MAX_JWE_CHARS = 250_000;

const KID = /^[a-z0-9._-]{1,200}$/;
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const TYPES = [
  "entry", "live", "push", "hello", "host", "roster", "checkpoint", "thread", "pair-host", "pair-accept",
].map((name) => `deskhand-${name}+jws`);

// A byte order mark is kept, so that it breaks the form as it does in Python.
const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

/** A JWS whose form is right; its signature is not yet checked. `signingInput` is what is hashed and signed. */
export interface SignedText {
  readonly kid: string;
  readonly typ: string;
  readonly payload: Bytes;
  readonly signingInput: Bytes;
  readonly signature: Bytes;
}

const imported = new WeakMap<object, Promise<CryptoKey>>();

/** Import a public key; throws `Malformed` for a point that is not on the curve. */
export async function publicKey(jwk: PublicJwk): Promise<CryptoKey> {
  let key = imported.get(jwk);
  if (key === undefined) {
    key = crypto.subtle.importKey("jwk", { ...publicJwk(jwk) }, ES256, false, ["verify"]);
    imported.set(jwk, key);
  }
  try {
    return await key;
  } catch {
    throw new Malformed("not a point on P-256");
  }
}

/** A public key from outside: exactly its four members, its point on the curve. Throws `Malformed`. */
export async function checkedJwk(jwk: unknown): Promise<PublicJwk> {
  const checked = publicJwk(jwk);
  await publicKey(checked);
  return checked;
}

/** Sign `payload` with ES256 into a compact JWS with exactly the members alg, kid and typ. */
export async function sign(payload: Bytes, key: CryptoKey, kid: string, typ: string): Promise<string> {
  checkHeaderText(kid, typ);
  const signingInput = `${b64(utf8(jwsHeader(kid, typ)))}.${b64(payload)}`;
  const signature = await crypto.subtle.sign(ES256, key, utf8(signingInput));
  return `${signingInput}.${b64(new Uint8Array(signature))}`;
}

/** Check the form of a compact JWS of one type, without any key. Throws `Malformed`. */
export function parseSigned(compact: string, typ: string): SignedText {
  const [header, payload, tail, ...more] = compact.split(".");
  if (header === undefined || payload === undefined || tail === undefined || more.length > 0) {
    throw new Malformed("not a compact JWS");
  }
  const kid = headerKid(header, (name) => jwsHeader(name, typ));
  checkHeaderText(kid, typ);
  const signature = unb64(tail);
  if (signature.length !== SIGNATURE_BYTES) throw new Malformed("a signature is 64 bytes");
  return { kid, typ, payload: unb64(payload), signingInput: utf8(`${header}.${payload}`), signature };
}

/** Whether the signature of a parsed JWS is by this key. Throws `Malformed` for a key that is none. */
export async function verify(signed: SignedText, jwk: PublicJwk): Promise<boolean> {
  return crypto.subtle.verify(ES256, await publicKey(jwk), signed.signature, signed.signingInput);
}

/** Parse and verify in one go; return the payload or throw `Malformed`. */
export async function verified(compact: string, jwk: PublicJwk, typ: string, kid: string): Promise<Bytes> {
  const signed = parseSigned(compact, typ);
  if (signed.kid !== kid || !(await verify(signed, jwk))) throw new Malformed("the signature is not by this key");
  return signed.payload;
}

/** A 32-byte key for `encrypt` and `decrypt`; it cannot be read again. Throws `Malformed`. */
export async function secretKey(raw: Bytes): Promise<CryptoKey> {
  if (raw.length !== 32) throw new Malformed("a key is not 32 bytes");
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Encrypt with `dir` + A256GCM into a compact JWE with exactly the members alg, enc and kid. */
export async function encrypt(plaintext: Bytes, key: CryptoKey, kid: string): Promise<string> {
  if (!KID.test(kid)) throw new Malformed("a key id has the wrong form");
  const header = b64(utf8(jweHeader(kid)));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = new Uint8Array(await crypto.subtle.encrypt(aesGcm(iv, utf8(header)), key, plaintext));
  const split = sealed.length - TAG_BYTES;
  return [header, "", b64(iv), b64(sealed.subarray(0, split)), b64(sealed.subarray(split))].join(".");
}

/** Check the form of a compact JWE without any key and return its key id. Throws `Malformed`. */
export function jweKid(compact: string): string {
  return parseJwe(compact).kid;
}

function parseJwe(compact: string): { kid: string; header: string; iv: Bytes; sealed: Bytes } {
  if (compact.length > MAX_JWE_CHARS) throw new Malformed("a JWE is too long");
  const [header, wrapped, iv, text, tag, ...more] = compact.split(".");
  if (header === undefined || iv === undefined || text === undefined || tag === undefined || more.length > 0) {
    throw new Malformed("not a compact JWE");
  }
  const kid = headerKid(header, jweHeader);
  if (!KID.test(kid)) throw new Malformed("wrong algorithm or key id");
  const parts = { iv: unb64(iv), tag: unb64(tag) };
  if (wrapped !== "" || parts.iv.length !== IV_BYTES || parts.tag.length !== TAG_BYTES) {
    throw new Malformed("wrong key, IV or tag length");
  }
  return { kid, header, iv: parts.iv, sealed: concat(unb64(text), parts.tag) };
}

/** Open a compact JWE that must carry exactly this key id. Throws `Malformed` for a wrong key or form. */
export async function decrypt(compact: string, key: CryptoKey, kid: string): Promise<Bytes> {
  const jwe = parseJwe(compact);
  if (jwe.kid !== kid) throw new Malformed("sealed under another key");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(aesGcm(jwe.iv, utf8(jwe.header)), key, jwe.sealed));
  } catch {
    throw new Malformed("does not open with this key");
  }
}

/** ASCII bytes as text; what is not ASCII cannot be canonical base64url and falls at the next check. */
export function text(data: Bytes): string {
  return ascii.decode(data);
}

function aesGcm(iv: Bytes, additionalData: Bytes): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData, tagLength: TAG_BYTES * 8 };
}

function jwsHeader(kid: string, typ: string): string {
  return `{"alg":"ES256","kid":"${kid}","typ":"${typ}"}`;
}

function jweHeader(kid: string): string {
  return `{"alg":"dir","enc":"A256GCM","kid":"${kid}"}`;
}

/** The key id, if the header is byte for byte the one we would write with it. */
function headerKid(encoded: string, rebuild: (kid: string) => string): string {
  const received = text(unb64(encoded));
  const [before = "", after = ""] = rebuild("\n").split("\n");
  const kid = received.slice(before.length, received.length - after.length);
  if (rebuild(kid) !== received) throw new Malformed("the header is not in canonical form");
  return kid;
}

function checkHeaderText(kid: string, typ: string): void {
  if (!TYPES.includes(typ) || !KID.test(kid)) throw new Malformed("unknown type or bad key id");
}
