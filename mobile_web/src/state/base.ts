/** The signals that everything shown is computed from, and how they follow the store. One set a page. */
import { batch, computed, type ReadonlySignal, signal, type Signal } from "@preact/signals";

import { type Facts, merge, NO_FACTS } from "../core/facts.ts";
import { type LiveState, NO_LIVE, settled } from "../core/live.ts";
import type { Outbox } from "../core/outbox.ts";
import { isGenuine, type Stored } from "../core/records.ts";
import { NO_STATUS, type Status } from "../core/status.ts";
import type { Identity, Kv } from "../io/kv.ts";
import { PAGE_ENTRIES } from "../io/past.ts";
import type { PastCursor } from "../protocol/history.ts";
import type { Known } from "../protocol/transcript.ts";
import type { FrozenView, Obstacle, ThreadView } from "./view.ts";

export interface Joined {
  readonly identity: Identity;
  readonly known: Known;
  readonly past: PastCursor;
}

export class Base {
  /** undefined: not read yet. null: this device belongs to no thread. */
  readonly joined: Signal<Joined | null | undefined> = signal(undefined);
  /** What the older pages say, and what was said since this device joined. */
  readonly pastFacts: Signal<Facts> = signal(NO_FACTS);
  readonly newFacts: Signal<Facts> = signal(NO_FACTS);
  readonly facts: ReadonlySignal<Facts> = computed(() => merge(this.pastFacts.value, this.newFacts.value));
  readonly entries: Signal<readonly Stored[]> = signal([]);
  readonly outbox: Signal<Outbox> = signal([]);
  readonly live: Signal<LiveState> = signal(NO_LIVE);
  readonly status: Signal<Status> = signal(NO_STATUS);
  readonly uploads: Signal<ReadonlyMap<string, number>> = signal(new Map());
  readonly transfers: Signal<ReadonlyMap<string, number>> = signal(new Map());
  readonly frozen: Signal<FrozenView | null> = signal(null);
  readonly obstacle: Signal<Obstacle | null> = signal(null);
  readonly older: Signal<Pick<ThreadView, "older" | "olderProblem">> = signal({ older: "more" });
  readonly ready: Signal<boolean> = signal(false);

  private store: Kv | null = null;

  /** The opened store. */
  get kv(): Kv {
    if (this.store === null) throw new Error("the store is not open yet");
    return this.store;
  }

  async begin(store: Kv): Promise<void> {
    this.store = store;
    await this.open();
  }

  /** Read everything anew, with the newest page of entries. */
  async open(): Promise<void> {
    const loaded = await this.kv.load();
    if (loaded === null) {
      batch(() => {
        this.joined.value = null;
        this.ready.value = true;
      });
      return;
    }
    const { identity, known, past, facts, pastFacts, frozen, outbox } = loaded;
    const entries = await this.kv.entriesBefore(known.seq + 1, PAGE_ENTRIES);
    batch(() => {
      this.joined.value = { identity, known, past };
      this.pastFacts.value = pastFacts;
      this.newFacts.value = facts;
      this.frozen.value = frozen;
      this.outbox.value = outbox;
      this.entries.value = entries;
      this.ready.value = true;
      this.atStart();
    });
  }

  /** Another tab, or the link in this one, changed the store: follow it. */
  async refresh(): Promise<void> {
    const loaded = await this.kv.load();
    const joined = this.joined.value;
    if (loaded === null || joined === null || joined === undefined || joined.identity.device.id !== loaded.identity.device.id) {
      return this.open();
    }
    const last = this.entries.value.at(-1)?.seq ?? loaded.known.seq - PAGE_ENTRIES;
    const fresh = await this.kv.entriesFrom(last + 1);
    const { identity, known, past, facts, pastFacts, frozen, outbox } = loaded;
    batch(() => {
      this.joined.value = { identity, known, past };
      this.pastFacts.value = pastFacts;
      this.newFacts.value = facts;
      this.frozen.value = frozen;
      this.outbox.value = outbox;
      this.append(fresh);
    });
  }

  /** New entries of the thread, next after the ones held here. */
  append(fresh: readonly Stored[]): void {
    if (fresh.length === 0) return;
    const last = this.entries.value.at(-1)?.seq ?? 0;
    this.entries.value = [...this.entries.value, ...fresh.filter((entry) => entry.seq > last)];
    this.live.value = fresh.reduce((live, entry) => (isGenuine(entry) ? ended(live, entry.body) : live), this.live.value);
  }

  async showOlder(): Promise<boolean> {
    const lowest = this.entries.value[0]?.seq ?? (this.joined.value?.known.seq ?? 0) + 1;
    const page = await this.kv.entriesBefore(lowest, PAGE_ENTRIES);
    if (page.length === 0) return false;
    batch(() => {
      this.entries.value = [...page, ...this.entries.value];
      this.atStart();
    });
    return true;
  }

  private atStart(): void {
    const lowest = this.entries.value[0]?.seq ?? this.joined.value?.past.before ?? 1;
    this.older.value = { older: lowest <= 1 ? "start" : "more" };
  }

  progress(which: "uploads" | "transfers", id: string, percent: number | null): void {
    const next = new Map(this[which].value);
    if (percent === null) next.delete(id);
    else next.set(id, percent);
    this[which].value = next;
  }
}

function ended(live: LiveState, body: { readonly type: string; readonly in_reply_to?: string | null; readonly task?: string | null }): LiveState {
  if (body.type === "reply") return settled(live, { inReplyTo: body.in_reply_to ?? null, task: null });
  if (body.type === "result") return settled(live, { inReplyTo: null, task: body.task ?? null });
  return live;
}
