/**
 * Takes entries from the relay: judges each in order, and stores it together with the cursor, the facts and what it
 * means for the outbox. One at a time; only the tab that holds the link runs it.
 */
import { type Facts, factsOf, merge } from "../core/facts.ts";
import * as box from "../core/outbox.ts";
import { isGenuine, type Stored } from "../core/records.ts";
import type { Entries } from "../protocol/generated.ts";
import { judge, type Known } from "../protocol/transcript.ts";
import type { FrozenView } from "../state/view.ts";
import type { Kv } from "./kv.ts";
import { record, rosterDevice } from "./records.ts";

export interface MirrorEnds {
  /** Stored: new entries and the outbox as it now stands. */
  onStored(entries: readonly Stored[], known: Known, facts: Facts, outbox: box.Outbox): void;
  onFrozen(frozen: FrozenView): void;
  /** The store is not to be written any more: full, closed, or written by another page. */
  onProblem(error: unknown): void;
}

const DOCTOR = "Nothing after this point is shown or acted on. Run `deskhand doctor` at the computer: it says what happened and what to do.";

export class Mirror {
  private queue: Promise<void> = Promise.resolve();
  private halted = false;

  constructor(
    private readonly kv: Kv,
    private known: Known,
    private facts: Facts,
    private readonly ends: MirrorEnds,
  ) {}

  /** Take an `entries` frame; resolves when it is stored, or refused for good. */
  take(frame: Entries): Promise<void> {
    this.queue = this.queue.then(async () => {
      if (this.halted) return;
      try {
        await this.store(frame);
      } catch (error) {
        this.halted = true;
        this.ends.onProblem(error);
      }
    });
    return this.queue;
  }

  /** The relay has less of the thread than this device. */
  behind(message: string): Promise<void> {
    return this.freeze(this.known.seq + 1, `The relay has lost entries that this device holds. ${message}`);
  }

  /** A new connection begins: what was refused before is judged again. */
  again(): void {
    this.halted = false;
  }

  private async store(frame: Entries): Promise<void> {
    const skip = Math.max(0, this.known.seq + 1 - frame.first);
    if (skip === 0 && frame.first === this.known.seq + 1 && frame.prev !== this.known.head) {
      return this.freeze(frame.first, "The relay's thread is not the one this device has been following");
    }
    const entries: Stored[] = [];
    let { known, facts } = this;
    let change: Change = (outbox) => outbox;
    const heads = new Map<number, string>([[known.seq, known.head]]);
    let fault: { seq: number; reason: string } | null = null;
    for (const [index, item] of frame.items.entries()) {
      if (index < skip) continue;
      const seq = frame.first + index;
      const [after, verdict] = await judge(known, seq, item.sealed, (at) => heads.get(at) ?? this.kv.head(at));
      if (verdict.kind === "fault") {
        fault = verdict;
        break;
      }
      const entry = await record(seq, item.sealed, item.at, after.head, verdict);
      entries.push(entry);
      heads.set(seq, after.head);
      facts = merge(facts, factsOf(entry, isGenuine(entry) && after.members[entry.device]?.role === "host", rosterDevice(entry)));
      const own = verdict.device === known.me && (verdict.kind === "genuine" || verdict.counted);
      if (own) {
        const n = after.members[known.me]?.n ?? 0;
        const id = verdict.kind === "genuine" ? (verdict.plain.body["id"] as string) : null;
        change = chained(change, (outbox) => box.arrived(outbox, n, id));
      }
      known = after;
    }
    if (entries.length > 0) {
      if (known.epoch > this.known.epoch) {
        const { epoch } = known;
        const stored = known.members[known.me]?.n ?? 0;
        change = chained(change, (outbox) => box.resealed(outbox, epoch, stored));
      }
      const outbox = await this.kv.commit(entries, known, facts, change);
      this.known = known;
      this.facts = facts;
      this.ends.onStored(entries, known, facts, outbox);
    }
    if (fault !== null) await this.freeze(fault.seq, fault.reason);
  }

  private async freeze(seq: number, reason: string): Promise<void> {
    this.halted = true;
    const frozen = { seq, reason, remedy: DOCTOR, since: new Date().toISOString() };
    await this.kv.setFrozen(frozen);
    this.ends.onFrozen(frozen);
  }
}

type Change = (outbox: box.Outbox) => box.Outbox;

function chained(first: Change, then: Change): Change {
  return (outbox) => then(first(outbox));
}
