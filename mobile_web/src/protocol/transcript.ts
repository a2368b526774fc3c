/**
 * The order of the thread and the judgement of each entry: genuine, void, or a fault of the relay (SPEC 3).
 *
 * `judge` takes what a device knows and one received entry, and says what the device knows afterwards. Storing the
 * outcome in one transaction with the entry is the caller's duty.
 */
import { openEntry, parseEntry, type Plaintext, type SealedEntry } from "./envelope.ts";
import { Malformed } from "./errors.ts";
import { APPROVE_TYPES, CLIENT_TYPES, HOST_TYPES } from "./generated.ts";
import { type Bytes, concat, hex, isKeyId, keyId, type PublicJwk, rawUtf8, sha256, unhex, utf8 } from "./ids.ts";
import * as jose from "./jose.ts";
import { checkBody, isObject, type JsonObject, strictJson } from "./parse.ts";

const HOST_TYP = "deskhand-host+jws";
export const ROSTER_TYP = "deskhand-roster+jws";
const SCOPES = ["approve", "write"];

export type Role = "host" | "client";

/** Head of the empty thread, in hex. */
export async function firstHead(thread: string): Promise<string> {
  return hex(await sha256(utf8(thread)));
}

/** Head after one more entry: SHA-256(head ‖ SHA-256(signing input)), in hex. */
export async function nextHead(head: string, signingInput: Bytes): Promise<string> {
  return hex(await sha256(concat(unhex(head), await sha256(signingInput))));
}

/** What stands for an entry in the head: its signing input, or all of it where it has none. */
export function hashedPart(sealed: string): Bytes {
  try {
    return parseEntry(sealed).signed.signingInput;
  } catch {
    return rawUtf8(sealed);
  }
}

/**
 * A device of the thread: it may sign entries with `fromSeq` ≤ seq ≤ `toSeq` (null: still a member).
 * `n` is its last counted entry.
 */
export interface Member {
  readonly id: string;
  readonly jwk: PublicJwk;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly fromSeq: number;
  readonly toSeq: number | null;
  readonly n: number;
}

/** What a device knows of a thread: replaced, never changed, by `judge`. */
export interface Known {
  readonly thread: string;
  readonly root: PublicJwk;
  readonly me: string;
  readonly seq: number;
  readonly head: string;
  readonly epoch: number;
  readonly hostEpoch: number;
  readonly members: Readonly<Record<string, Member>>;
  readonly keys: Readonly<Record<number, CryptoKey>>;
  readonly wrapKey: CryptoKey | null;
  readonly gen: number;
}

export type Verdict =
  /** Verified, opened, and of a known form unless `newer` ("made by a newer version": kept, never acted on). */
  | { readonly kind: "genuine"; readonly seq: number; readonly device: string; readonly plain: Plaintext; readonly newer: boolean }
  /** Could not be verified: hashed, never acted on. `counted`: it used up the device's number. */
  | { readonly kind: "void"; readonly seq: number; readonly reason: string; readonly device?: string; readonly counted: boolean }
  /** The relay's doing: stop here, store nothing, tell the person. */
  | { readonly kind: "fault"; readonly seq: number; readonly reason: string };

export type HeadAt = (seq: number) => Promise<string | null> | string | null;

/** Whether a device of this role and these scopes may write a body of this type. */
export function allowed(role: Role, scopes: readonly string[], kind: string): boolean {
  if (role === "host") return HOST_TYPES.includes(kind) || CLIENT_TYPES.includes(kind);
  return CLIENT_TYPES.includes(kind) && scopes.includes(APPROVE_TYPES.includes(kind) ? "approve" : "write");
}

/** Open and check an entry of a member, whatever its place: what `judge` and the reading of old pages share. */
export async function openChecked(
  entry: SealedEntry, member: Member, key: CryptoKey,
): Promise<{ plain: Plaintext; newer: boolean }> {
  const plain = await openEntry(entry, key);
  const kind = plain.body["type"] as string;
  const isKnown = checkBody(plain.body);
  if (isKnown && !allowed(member.role, member.scopes, kind)) throw new Malformed(`this device may not write ${kind}`);
  return { plain, newer: !isKnown };
}

export async function maySign(thread: string, seq: number, entry: SealedEntry, member: Member): Promise<boolean> {
  const current = member.fromSeq <= seq && (member.toSeq === null || seq <= member.toSeq);
  return current && entry.kid.thread === thread && jose.verify(entry.signed, member.jwk);
}

/**
 * Judge the entry that the relay presents as number `seq`.
 *
 * Returns the new knowledge and the verdict. For a fault the knowledge is unchanged: the device freezes.
 */
export async function judge(known: Known, seq: number, sealed: string, headAt: HeadAt): Promise<[Known, Verdict]> {
  const fault = (reason: string): [Known, Verdict] => [known, { kind: "fault", seq, reason }];
  const aside = (after: Known, reason: string, device?: string, counted = false): [Known, Verdict] => [
    after,
    { kind: "void", seq, reason, ...(device === undefined ? {} : { device }), counted },
  ];
  if (seq !== known.seq + 1) return fault(`the relay sent entry ${seq} where entry ${known.seq + 1} belongs`);
  let entry: SealedEntry;
  try {
    entry = parseEntry(sealed);
  } catch (error) {
    // No signing input can be trusted to exist, so the bytes as received stand in for it.
    return aside(await step(known, seq, rawUtf8(sealed)), reasonOf(error));
  }
  const hashed = await step(known, seq, entry.signed.signingInput);
  const { device, n } = entry.kid;
  const member = memberOf(known, device);
  if (member === undefined || !(await maySign(known.thread, seq, entry, member))) {
    return aside(hashed, "not signed by a device of this thread", device);
  }
  const counts = n === member.n + 1;
  const counted = counts ? withMember(hashed, { ...member, n }) : hashed;
  if (entry.kid.epoch !== known.epoch) {
    return aside(counted, "sealed under an epoch that is not current", device, counts);
  }
  if (n <= member.n) return aside(hashed, "a repetition", device);
  if (!counts) return fault(`entries ${member.n + 1} to ${n - 1} of a device are missing`);
  const key = known.keys[known.epoch];
  if (key === undefined) return fault("the key of this epoch never reached this device; pair it anew");
  let after: Known;
  let opened: { plain: Plaintext; newer: boolean };
  try {
    opened = await openChecked(entry, member, key);
    after = opened.newer ? counted : await apply(counted, member, opened.plain.body);
  } catch (error) {
    return aside(counted, reasonOf(error), device, true);
  }
  const { plain, newer } = opened;
  if (plain.seenSeq >= seq) return fault("an entry claims to have seen what comes after it");
  const held = await headAt(plain.seenSeq);
  if (held !== null && held !== plain.seenHead) {
    return fault(`two devices were shown different threads at entry ${plain.seenSeq}`);
  }
  return [after, { kind: "genuine", seq, device, plain, newer }];
}

function reasonOf(error: unknown): string {
  if (error instanceof Malformed) return error.message;
  throw error;
}

function memberOf(known: Known, id: string): Member | undefined {
  return Object.hasOwn(known.members, id) ? known.members[id] : undefined;
}

function withMember(known: Known, member: Member): Known {
  return { ...known, members: { ...known.members, [member.id]: member } };
}

async function step(known: Known, seq: number, signingInput: Bytes): Promise<Known> {
  return { ...known, seq, head: await nextHead(known.head, signingInput) };
}

/** A root-signed change of who belongs to the thread, public to the relay. */
export interface RosterChange {
  readonly epoch: number;
  readonly op: "added" | "removed";
  readonly device: string;
  readonly jwk: PublicJwk;
  readonly scopes: readonly string[];
}

/** Verify a roster change. Throws `Malformed`. */
export async function readRoster(compact: string, root: PublicJwk): Promise<RosterChange> {
  const rootId = await keyId(root);
  const value = strictJson(await jose.verified(compact, root, ROSTER_TYP, rootId));
  const { thread, epoch, op, device, jwk, role, scopes } = value;
  if (
    Object.keys(value).length !== 7 || thread !== rootId || !Number.isInteger(epoch)
    || (op !== "added" && op !== "removed") || typeof device !== "string" || !isObject(jwk) || role !== "client"
    || !Array.isArray(scopes) || !scopes.every((scope) => SCOPES.includes(scope as string))
  ) {
    throw new Malformed("not a roster change");
  }
  const checked = await jose.checkedJwk(jwk);
  if ((await keyId(checked)) !== device) {
    throw new Malformed("the roster names a device by a key that is not its own");
  }
  return { epoch: epoch as number, op, device, jwk: checked, scopes: [...new Set(scopes as string[])].sort() };
}

/** Verify a host certificate. Throws `Malformed`. */
export async function readHost(compact: string, root: PublicJwk): Promise<{ hostEpoch: number; device: string; jwk: PublicJwk }> {
  const rootId = await keyId(root);
  const value = strictJson(await jose.verified(compact, root, HOST_TYP, rootId));
  const { thread, host_epoch: hostEpoch, device, jwk } = value;
  if (
    Object.keys(value).length !== 4 || thread !== rootId || !Number.isInteger(hostEpoch) || (hostEpoch as number) < 1
    || !isKeyId(device) || !isObject(jwk)
  ) {
    throw new Malformed("not a host certificate");
  }
  const checked = await jose.checkedJwk(jwk);
  if ((await keyId(checked)) !== device) {
    throw new Malformed("the certificate names a device by a key that is not its own");
  }
  return { hostEpoch: hostEpoch as number, device, jwk: checked };
}

/** What an entry changes in the roster and the epoch. Throws `Malformed` where root did not sign it. */
async function apply(known: Known, author: Member, body: JsonObject): Promise<Known> {
  const misfit = new Malformed("a roster change that does not fit here");
  switch (body["type"]) {
    case "device.added": {
      const change = await readRoster(body["roster"] as string, known.root);
      if (change.op !== "added" || change.epoch !== known.epoch || memberOf(known, change.device) !== undefined) throw misfit;
      const { device: id, jwk, scopes } = change;
      return withMember(known, { id, jwk, role: "client", scopes, fromSeq: known.seq + 1, toSeq: null, n: 0 });
    }
    case "device.removed": {
      const change = await readRoster(body["roster"] as string, known.root);
      const gone = memberOf(known, change.device);
      if (change.op !== "removed" || change.epoch !== known.epoch || gone === undefined || gone.toSeq !== null) throw misfit;
      return nextEpoch(withMember(known, { ...gone, toSeq: known.seq }), body["wraps"] as JsonObject);
    }
    case "host": {
      const certificate = await readHost(body["cert"] as string, known.root);
      if (certificate.device !== author.id || certificate.hostEpoch !== known.hostEpoch) {
        throw new Malformed("a host certificate that does not fit here");
      }
      return known;
    }
    default:
      return known;
  }
}

async function nextEpoch(known: Known, wraps: JsonObject): Promise<Known> {
  const epoch = known.epoch + 1;
  const wrapped = Object.hasOwn(wraps, known.me) ? wraps[known.me] : undefined;
  if (epoch in known.keys || known.wrapKey === null || typeof wrapped !== "string") return { ...known, epoch };
  try {
    const raw = await jose.decrypt(wrapped, known.wrapKey, `${known.thread}.${epoch}.${known.me}.wrap`);
    return { ...known, epoch, keys: { ...known.keys, [epoch]: await jose.secretKey(raw) } };
  } catch {
    // For all others the entry is genuine, so it is here; the next one finds that the key is missing.
    return { ...known, epoch };
  }
}
