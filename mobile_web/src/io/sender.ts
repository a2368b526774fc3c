/**
 * Brings the outbox to the relay (SPEC 5.15, 5.16): files first, then n → seal → store under the lock `deskhand-send`,
 * then the same bytes until they are verified in the thread.
 */
import * as box from "../core/outbox.ts";
import { same } from "../core/same.ts";
import { sealEntry } from "../protocol/envelope.ts";
import { Malformed } from "../protocol/errors.ts";
import type { Append, ErrorFrame } from "../protocol/generated.ts";
import type { JsonObject } from "../protocol/parse.ts";
import type { Known } from "../protocol/transcript.ts";
import type { DeviceKey } from "./crypto_keys.ts";
import type { Kv } from "./kv.ts";

export interface SenderEnds {
  known(): Known;
  /** The thread is followed up to what the relay has, and nothing is wrong with it. */
  ready(): boolean;
  /** Send a frame; false where there is no connection. */
  send(frame: Append): boolean;
  /** Bring a private copy to the relay; resolves with its blob id, or null where the copy is gone. */
  upload(copy: string, message: string): Promise<string | null>;
  onOutbox(outbox: box.Outbox): void;
  /** Something the person should know, in the relay's words. */
  onTrouble(code: string, message: string): void;
}

/** Sealed entries on their way at once. */
const MAX_UNVERIFIED = 16;
const RETRY_S = 10;
const COPY_GONE = "A file of this message is gone from this device. Attach it again.";
const REFUSALS: ReadonlySet<string> = new Set(["refused", "too_large", "bad_frame"]);

export class Sender {
  private running = false;
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly kv: Kv,
    private readonly device: DeviceKey,
    private readonly ends: SenderEnds,
  ) {}

  stop(): void {
    clearTimeout(this.timer);
  }

  /** There may be something to send. */
  kick(): void {
    this.again = true;
    if (!this.running) void this.run();
  }

  /** A new connection: send again what is not verified, byte for byte. */
  async resend(from = 1): Promise<void> {
    for (const item of box.unverified(await this.kv.outbox(), from)) this.send(item);
  }

  async acked(n: number): Promise<void> {
    this.ends.onOutbox(await this.kv.changeOutbox((outbox) => box.acked(outbox, n)));
  }

  async failed(error: ErrorFrame): Promise<void> {
    const { code, message, n } = error;
    if (code === "gap") await this.resend(error.next_n ?? 1);
    else if (code === "rate_limited" || code === "unavailable" || code === "storage_full") {
      this.later(error.retry_after ?? RETRY_S);
      if (code === "storage_full") this.ends.onTrouble(code, message);
    } else if (code === "blobs_missing" && typeof n === "number") await this.uploadAgain(n);
    else if (REFUSALS.has(code) && typeof n === "number") {
      this.ends.onOutbox(await this.kv.changeOutbox((outbox) => box.refused(outbox, n, message)));
      this.ends.onTrouble(code, message);
      this.kick();
    }
    // `stale_epoch` and `conflict` are settled by the thread itself: what comes next in it seals anew or adopts.
  }

  private later(seconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.resend();
      this.kick();
    }, seconds * 1000);
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      while (this.again) {
        this.again = false;
        while (this.ends.ready() && (await this.next()));
      }
    } catch {
      this.later(RETRY_S);
    } finally {
      this.running = false;
    }
  }

  /** Prepare and send one item; false where there is none, or none may go yet. */
  private async next(): Promise<boolean> {
    const outbox = await this.kv.outbox();
    const item = box.nextToSeal(outbox);
    if (item === undefined || box.unverified(outbox).length >= MAX_UNVERIFIED) return false;
    const missing = item.copies[item.blobs.length];
    if (missing !== undefined) {
      const blob = await this.ends.upload(missing, item.body.id);
      const after: box.OutboxItem = blob === null ? { ...item, state: "refused", reason: COPY_GONE } : { ...item, blobs: [...item.blobs, blob] };
      const changed = await this.kv.changeOutbox((held) =>
        held.map((other) => (other.order === item.order && same(other, item) ? after : other)));
      this.ends.onOutbox(changed);
      return true;
    }
    const sealed = await navigator.locks.request("deskhand-send", () => this.seal(item.order));
    if (sealed === null) return true;
    this.send(sealed);
    return true;
  }

  /** Number, seal and store an item that is still plain. */
  private async seal(order: number): Promise<box.SealedItem | null> {
    const outbox = await this.kv.outbox();
    const item = outbox.find((other) => other.order === order);
    if (item?.state !== "plain") return null;
    const known = this.ends.known();
    const key = known.keys[known.epoch];
    if (key === undefined) throw new Malformed("the key of this epoch is not here");
    const n = box.nextN(outbox, known.members[known.me]?.n ?? 0);
    const plain = {
      n, at: new Date().toISOString(), seenSeq: known.seq, seenHead: known.head, body: item.body as unknown as JsonObject,
    };
    const kid = { use: "entry", thread: known.thread, epoch: known.epoch, device: known.me, n } as const;
    let change: (held: box.OutboxItem) => box.OutboxItem;
    try {
      const sealed = box.seal(item, n, known.epoch, await sealEntry(plain, kid, key, this.device.privateKey));
      change = () => sealed;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      // It can never be sealed as it is: said to the person instead of tried for ever.
      change = () => ({ ...item, state: "refused", reason: error.message });
    }
    const changed = await this.kv.changeOutbox((held) => {
      const unchanged = box.nextN(held, known.members[known.me]?.n ?? 0) === n;
      return held.map((other) => (unchanged && other.order === order && other.state === "plain" ? change(other) : other));
    });
    this.ends.onOutbox(changed);
    const after = changed.find((other) => other.order === order);
    return after?.state === "sealed" && after.n === n ? after : null;
  }

  private async uploadAgain(n: number): Promise<void> {
    const item = box.unverified(await this.kv.outbox(), n)[0];
    if (item?.n !== n) return;
    try {
      for (const copy of item.copies) await this.ends.upload(copy, item.body.id);
      await this.resend(n);
    } catch {
      this.later(RETRY_S);
    }
  }

  private send(item: box.SealedItem): void {
    const frame: Append = { type: "append", n: item.n, sealed: item.sealed, blobs: item.blobs };
    this.ends.send(item.blobs.length > 0 ? frame : { type: "append", n: item.n, sealed: item.sealed });
  }
}
