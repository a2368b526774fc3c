/** Joining a thread: link, offer, accept, digits, grant (SPEC 4). The slots travel over HTTP. */
import { Malformed } from "./errors.ts";
import { b64, type Bytes, canonicalJson, concat, isHexId, isKeyId, keyId, type PublicJwk, publicJwk, sha256, thumbprint, unb64, utf8 } from "./ids.ts";
import * as jose from "./jose.ts";
import { isObject, strictJson } from "./parse.ts";
import type { Known, Member } from "./transcript.ts";

const SECRET_BYTES = 32;
const DIGITS = 6;
const HOST_TYP = "deskhand-pair-host+jws";
const ACCEPT_TYP = "deskhand-pair-accept+jws";

/** What stands behind `#` in a pairing link. It never leaves the browser. */
export interface Link {
  readonly pairing: string;
  readonly secret: Bytes;
  readonly rootThumbprint: Bytes;
}

/** Read a link's fragment. Throws `Malformed`. */
export function parseLink(fragment: string): Link {
  const [version, pairing, secretText, rootText, ...more] = fragment.replace(/^#/, "").replace(/^pair=/, "").split(".");
  if (version !== "1" || !isHexId(pairing) || secretText === undefined || rootText === undefined || more.length > 0) {
    throw new Malformed("this is not a pairing link");
  }
  const secret = unb64(secretText);
  const rootThumbprint = unb64(rootText);
  if (secret.length !== SECRET_BYTES || rootThumbprint.length !== SECRET_BYTES) {
    throw new Malformed("this pairing link is incomplete");
  }
  return { pairing, secret, rootThumbprint };
}

/** HKDF-SHA-256 over ECDH x ‖ link secret, no salt; info = ASCII name ‖ transcript hash (RFC 5869). */
export async function derive(shared: Bytes, secret: Bytes, info: string, transcriptHash?: Bytes, length = 32): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", concat(shared, secret), "HKDF", false, ["deriveBits"]);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: concat(utf8(info), transcriptHash ?? new Uint8Array(0)) };
  return new Uint8Array(await crypto.subtle.deriveBits(params, key, length * 8));
}

/** Check the first slot against the link; return root's and the computer's ephemeral key. Throws `Malformed`. */
export async function readHostSlot(slot: string, link: Link): Promise<{ root: PublicJwk; ephemeral: PublicJwk }> {
  const signed = jose.parseSigned(slot, HOST_TYP);
  const { pairing, root, ephemeral } = strictJson(signed.payload);
  if (pairing === link.pairing && isObject(root) && isObject(ephemeral)) {
    const checked = publicJwk(root);
    if (
      b64(await thumbprint(checked)) === b64(link.rootThumbprint) && signed.kid === (await keyId(checked))
      && (await jose.verify(signed, checked))
    ) {
      return { root: checked, ephemeral: publicJwk(ephemeral) };
    }
  }
  throw new Malformed("the relay answered with another computer's key");
}

export interface Ephemeral {
  readonly privateKey: CryptoKey;
  readonly jwk: PublicJwk;
}

/** ECDH with a public key: the 32-byte x coordinate. Throws `Malformed` for a point not on the curve. */
export async function exchange(own: CryptoKey, peer: PublicJwk): Promise<Bytes> {
  try {
    const key = await crypto.subtle.importKey("jwk", { ...peer }, { name: "ECDH", namedCurve: "P-256" }, false, []);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: key }, own, 256));
  } catch {
    throw new Malformed("not a point on P-256");
  }
}

/** Second slot: our ephemeral key, and {device, name} sealed for the computer. `shared` is `exchange` with it. */
export async function offerSlot(link: Link, shared: Bytes, ephemeral: PublicJwk, device: PublicJwk, name: string): Promise<string> {
  const key = await jose.secretKey(await derive(shared, link.secret, "deskhand-pair-offer-v1"));
  const sealed = await jose.encrypt(canonicalJson({ device, name }), key, `${link.pairing}.offer`);
  return new TextDecoder().decode(canonicalJson({ ephemeral, sealed }));
}

/** Check that the computer took this very offer. Throws `Malformed` where another device used the code. */
export async function readAcceptSlot(slot: string, pairing: string, offer: string, root: PublicJwk): Promise<void> {
  const value = strictJson(await jose.verified(slot, root, ACCEPT_TYP, await keyId(root)));
  if (value["pairing"] !== pairing || value["offer"] !== b64(await sha256(utf8(offer)))) {
    throw new Malformed("another device used this code");
  }
}

/** SHA-256 over the SHA-256 of each of the three slots: what the digits and the grant are bound to. */
export async function transcript(host: string, offer: string, accept: string): Promise<Bytes> {
  return sha256(concat(...(await Promise.all([host, offer, accept].map((slot) => sha256(utf8(slot)))))));
}

/** The six digits that the person types at the computer. */
export async function digits(shared: Bytes, secret: Bytes, bound: Bytes): Promise<string> {
  const raw = await derive(shared, secret, "deskhand-pair-digits-v1", bound, 8);
  const number = new DataView(raw.buffer).getBigUint64(0);
  return String(number % BigInt(10 ** DIGITS)).padStart(DIGITS, "0");
}

export type Grant =
  | { readonly refused: string }
  | { readonly known: Known; readonly names: Readonly<Record<string, string>>; readonly relay: string; readonly hostName: string };

/** Open the last slot: all this device needs to follow the thread, or why not. Throws `Malformed`. */
export async function readGrantSlot(
  slot: string, shared: Bytes, link: Link, bound: Bytes, root: PublicJwk, me: string,
): Promise<Grant> {
  const key = await jose.secretKey(await derive(shared, link.secret, "deskhand-pair-grant-v1", bound));
  const grant = strictJson(await jose.decrypt(slot, key, `${link.pairing}.grant`));
  if (typeof grant["refused"] === "string") return { refused: grant["refused"] };
  const { thread, relay, wrap_key: wrapKey, keys, devices, gen, epoch, host_epoch: hostEpoch, seq, head, host_name: hostName } = grant;
  if (
    thread !== (await keyId(root)) || JSON.stringify(publicJwk(grant["root"])) !== JSON.stringify(publicJwk(root))
    || typeof relay !== "string" || typeof wrapKey !== "string" || !isObject(keys) || !Array.isArray(devices)
    || !isCount(gen) || !isCount(epoch) || !isCount(hostEpoch) || !isCount(seq)
    || typeof head !== "string" || !/^[0-9a-f]{64}$/.test(head) || typeof hostName !== "string"
  ) {
    throw new Malformed("the computer's grant has the wrong form");
  }
  const members = await Promise.all(devices.map(readMember));
  const threadKeys = await Promise.all(
    Object.entries(keys).map(async ([number, raw]) => [Number(number), await jose.secretKey(unb64(raw as string))] as const),
  );
  const known: Known = {
    thread: thread as string,
    root: publicJwk(root),
    me,
    seq,
    head,
    epoch,
    hostEpoch,
    gen,
    members: Object.fromEntries(members.map((one) => [one.member.id, one.member])),
    keys: Object.fromEntries(threadKeys),
    wrapKey: await jose.secretKey(unb64(wrapKey)),
  };
  if (known.members[me] === undefined || known.keys[epoch] === undefined) {
    throw new Malformed("the computer's grant does not name this device");
  }
  return { known, names: Object.fromEntries(members.map((one) => [one.member.id, one.name])), relay, hostName };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

async function readMember(value: unknown): Promise<{ member: Member; name: string }> {
  if (!isObject(value)) throw new Malformed("a device of the grant has the wrong form");
  const { id, jwk, role, scopes, name, from_seq: fromSeq, to_seq: toSeq, n } = value;
  if (
    !isKeyId(id) || (role !== "host" && role !== "client") || !Array.isArray(scopes) || !isCount(fromSeq)
    || !(toSeq === null || toSeq === undefined || isCount(toSeq)) || !isCount(n)
  ) {
    throw new Malformed("a device of the grant has the wrong form");
  }
  const key = await jose.checkedJwk(jwk);
  if ((await keyId(key)) !== id) throw new Malformed("the grant names a device by a key that is not its own");
  const member = { id, jwk: key, role, scopes: scopes.map(String), fromSeq, toSeq: toSeq ?? null, n } as const;
  return { member, name: typeof name === "string" ? name : "" };
}
