/** Joining a thread, from the link to the first page. Loaded when a link is there. */
import { NO_FACTS } from "../core/facts.ts";
import { ApiError, pairingSlot, putOffer } from "../io/api.ts";
import { newDeviceKey, newEphemeral } from "../io/crypto_keys.ts";
import { Malformed } from "../protocol/errors.ts";
import { pastOf } from "../protocol/history.ts";
import { keyId } from "../protocol/ids.ts";
import * as pair from "../protocol/pairing.ts";
import type { Session } from "./session.ts";
import type { PairingFailure, PairingView } from "./view.ts";

const LIFETIME_MS = 600_000;
const AGAIN = "Run `deskhand pair` at the computer and use the new code.";

const REMEDIES: Readonly<Record<PairingFailure, string>> = {
  bad_link: "Copy the whole link that `deskhand pair` shows, or scan its code again.",
  wrong_relay: "Open the address of the link itself on this device.",
  expired: `The code has expired or was used. ${AGAIN}`,
  used: `Another device used this code. If that was not you, refuse it at the computer. ${AGAIN}`,
  refused: AGAIN,
  wrong_computer: `The relay answered with another computer's key, so nothing was sent. ${AGAIN}`,
  offline: "Check Wi-Fi or mobile data, then try again.",
  unavailable: "The relay has a problem. Wait a moment, then try again.",
  storage: "Deskhand keeps its keys in this browser's storage, which is closed. Leave private browsing, or free some space.",
};

/** Why a computer refuses, in its own short words. */
const REFUSALS: Readonly<Record<string, string>> = {
  digits: "The digits typed at the computer were not these.",
  cancelled: "The pairing was cancelled at the computer.",
};

class Failed extends Error {
  readonly reason: PairingFailure;
  constructor(reason: PairingFailure, remedy?: string) {
    super(remedy ?? REMEDIES[reason]);
    this.reason = reason;
  }
}

/** Follow a link to its end, telling each step. Rejects with `Failed`, or when `signal` aborts. */
export async function join(session: Session, text: string, signal: AbortSignal, tell: (view: PairingView) => void): Promise<void> {
  const expires = Date.now() + LIFETIME_MS;
  const link = readLink(text);
  const host = await slot(link, "host", expires, signal);
  const { root, ephemeral: agent } = await pair.readHostSlot(host, link).catch(() => {
    throw new Failed("wrong_computer");
  });
  await mustBeFree(session, await keyId(root));
  const [device, ephemeral] = await Promise.all([newDeviceKey(), newEphemeral()]);
  const shared = await pair.exchange(ephemeral.privateKey, agent);
  const offer = await pair.offerSlot(link, shared, ephemeral.jwk, device.jwk, deviceName());
  await putOffer(link.pairing, offer, signal);
  tell({ step: "waiting_computer" });
  const accept = await slot(link, "accept", expires, signal);
  await pair.readAcceptSlot(accept, link.pairing, offer, root).catch(() => {
    throw new Failed("used");
  });
  const bound = await pair.transcript(host, offer, accept);
  const digits = await pair.digits(shared, link.secret, bound);
  tell({ step: "digits", digits, expiresAt: new Date(expires).toISOString() });
  const sealed = await slot(link, "grant", expires, signal);
  const grant = await pair.readGrantSlot(sealed, shared, link, bound, root, device.id);
  if ("refused" in grant) throw new Failed("refused", `${REFUSALS[grant.refused] ?? "The computer said no."} ${AGAIN}`);
  const { known, names, hostName } = grant;
  const identity = { device, relay: location.origin, hostName };
  try {
    await navigator.storage?.persist?.();
    await session.base.kv.join(identity, known, pastOf(known), { ...NO_FACTS, names, hostName });
  } catch {
    throw new Failed("storage");
  }
  await session.joinedAnew();
  tell({ step: "paired", computer: hostName });
  await session.loadOlder();
}

/** A link to another thread must not silently take the place of the one that is followed here. */
async function mustBeFree(session: Session, thread: string): Promise<void> {
  const joined = session.base.joined.value;
  if (!joined || joined.known.thread === thread) return;
  throw new Failed("refused", `This browser follows ${joined.identity.hostName}. Forget that in Settings first, then open the new link again.`);
}

function readLink(text: string): pair.Link {
  const [address = "", fragment] = text.split("#");
  const origin = fragment === undefined ? location.origin : originOf(address);
  if (origin !== location.origin) throw new Failed("wrong_relay", `Open ${origin} on this device, and use the link there.`);
  try {
    return pair.parseLink(fragment ?? text);
  } catch {
    throw new Failed("bad_link");
  }
}

/** Where a link leads; our own address where it is only the part behind `#`. */
function originOf(address: string): string {
  try {
    return new URL(address, location.origin).origin;
  } catch {
    throw new Failed("bad_link");
  }
}

/** What stands in a slot, waited for until the pairing expires. */
async function slot(link: pair.Link, name: "host" | "accept" | "grant", expires: number, signal: AbortSignal): Promise<string> {
  while (Date.now() < expires) {
    signal.throwIfAborted();
    const text = await pairingSlot(link.pairing, name, signal);
    if (text !== null) return text;
  }
  throw new Failed("expired");
}

/** Why it ended, in words for the person. */
export function failure(error: unknown): Failed {
  if (error instanceof Failed) return error;
  if (error instanceof Malformed) return new Failed("refused", `What the computer sent does not fit: ${error.message}. ${AGAIN}`);
  if (!(error instanceof ApiError)) return new Failed("storage");
  switch (error.code) {
    case "offline":
      return new Failed("offline");
    case "not_found":
      return new Failed("expired");
    case "conflict":
      return new Failed("used");
    default:
      return new Failed("unavailable", error.message);
  }
}

/** What the person will call this device in the list of devices. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "Browser";
  const system = [["iPhone", /iPhone/], ["iPad", /iPad/], ["Android", /Android/], ["Mac", /Macintosh/], ["Windows", /Windows/], ["Linux", /Linux/]] as const;
  const name = system.find(([, pattern]) => pattern.test(agent))?.[0];
  return name === undefined ? browser : `${name} · ${browser}`;
}

