/**
 * What this device still has to say (SPEC 5.15). Pure: each function takes the items and says what they become.
 *
 * An item is `plain` (no number, freely edited and withdrawn), then `sealed` (its bytes are fixed and sent again until
 * they are verified in the thread), then gone. `refused` waits for the person.
 */
import type { Body } from "../protocol/generated.ts";

interface Kept {
  /** Place in the order of sending. */
  readonly order: number;
  readonly at: string;
  readonly body: Body;
  /** Private copies of its files, kept until the entry is verified in the thread. */
  readonly copies: readonly string[];
  /** Sealed files that are at the relay: as many as there are copies, before the entry is sealed. */
  readonly blobs: readonly string[];
}

export interface PlainItem extends Kept {
  readonly state: "plain";
}

export interface SealedItem extends Kept {
  readonly state: "sealed";
  readonly n: number;
  readonly epoch: number;
  readonly sealed: string;
  /** The relay has it on disk. */
  readonly acked: boolean;
}

export interface RefusedItem extends Kept {
  readonly state: "refused";
  readonly reason: string;
}

export type OutboxItem = PlainItem | SealedItem | RefusedItem;
export type Outbox = readonly OutboxItem[];

export function find(outbox: Outbox, id: string): OutboxItem | undefined {
  return outbox.find((item) => item.body.id === id);
}

/**
 * The next item to seal: messages in their order, but what stops, cancels or answers overtakes a message whose files
 * are still on their way.
 */
export function nextToSeal(outbox: Outbox): PlainItem | undefined {
  const plain = outbox.filter((item) => item.state === "plain");
  return plain.find((item) => item.body.type !== "message") ?? plain[0];
}

/** The number of the next entry: after what the thread has verified and what is sealed here. */
export function nextN(outbox: Outbox, verified: number): number {
  return outbox.reduce((n, item) => (item.state === "sealed" ? Math.max(n, item.n) : n), verified) + 1;
}

export function seal(item: PlainItem, n: number, epoch: number, sealed: string): SealedItem {
  return { ...item, state: "sealed", n, epoch, sealed, acked: false };
}

/** Sealed bytes to send after (re)connecting, in order of n. */
export function unverified(outbox: Outbox, from = 1): SealedItem[] {
  return outbox.filter((item) => item.state === "sealed").filter((item) => item.n >= from).sort((a, b) => a.n - b.n);
}

function unseal(item: SealedItem): PlainItem {
  const { order, at, body, copies, blobs } = item;
  return { order, at, body, copies, blobs, state: "plain" };
}

export function acked(outbox: Outbox, n: number): Outbox {
  return outbox.map((item) => (item.state === "sealed" && item.n === n ? { ...item, acked: true } : item));
}

/** The relay will never take this entry. Its number is free again, so what was sealed behind it starts anew. */
export function refused(outbox: Outbox, n: number, reason: string): Outbox {
  return outbox.map((item) => {
    if (item.state !== "sealed" || item.n < n) return item;
    return item.n === n ? { ...unseal(item), state: "refused", reason } : unseal(item);
  });
}

/** The epoch has moved on (verified in the thread): what was sealed before and is not stored starts anew. */
export function resealed(outbox: Outbox, epoch: number, storedN: number): Outbox {
  return outbox.map((item) => {
    return item.state === "sealed" && item.n > storedN && item.epoch < epoch ? unseal(item) : item;
  });
}

/**
 * An own entry was verified in the thread under number `n` (`counted`: the number is used up). A genuine one is done;
 * where it became void, or another body took its number, the item starts anew.
 */
export function arrived(outbox: Outbox, n: number, bodyId: string | null): Outbox {
  return outbox.flatMap((item): OutboxItem[] => {
    if (bodyId !== null && item.body.id === bodyId) return [];
    return item.state === "sealed" && item.n === n ? [unseal(item)] : [item];
  });
}

/** Withdraw what was not sealed yet; undefined where it is too late for that. */
export function withdrawn(outbox: Outbox, id: string): Outbox | undefined {
  const item = find(outbox, id);
  if (item === undefined || item.state === "sealed") return undefined;
  return outbox.filter((other) => other !== item);
}

/** Change what was not sealed yet; undefined where it is too late for that. */
export function edited(outbox: Outbox, id: string, change: Partial<Pick<Kept, "body" | "copies" | "blobs">>): Outbox | undefined {
  const item = find(outbox, id);
  if (item === undefined || item.state === "sealed") return undefined;
  const { order, at, body, copies, blobs } = item;
  return outbox.map((other) => (other === item ? { order, at, body, copies, blobs, ...change, state: "plain" } : other));
}
