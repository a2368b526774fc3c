/**
 * What this device keeps, in IndexedDB. Every method is one transaction; what belongs together is stored together or
 * not at all. `CryptoKey`s are stored as they are and cannot be read again.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { type Facts, NO_FACTS } from "../core/facts.ts";
import type { Outbox, OutboxItem } from "../core/outbox.ts";
import type { Stored } from "../core/records.ts";
import type { BlobRef, Body } from "../protocol/generated.ts";
import type { PastCursor } from "../protocol/history.ts";
import type { Known } from "../protocol/transcript.ts";
import type { FrozenView } from "../state/view.ts";
import type { DeviceKey } from "./crypto_keys.ts";

/** Which thread this device belongs to. */
export interface Identity {
  readonly device: DeviceKey;
  readonly relay: string;
  readonly hostName: string;
}

/** A private copy of a file on its way out; `blob` once its key is made. */
export interface Copy {
  readonly id: string;
  readonly name: string;
  readonly mime: string;
  readonly content: Blob;
  readonly blob: BlobRef;
  readonly sha256: string;
}

export interface Loaded {
  readonly identity: Identity;
  readonly known: Known;
  /** What was said since this device joined. */
  readonly facts: Facts;
  /** What the older pages read so far say; `past` is where they end. */
  readonly pastFacts: Facts;
  readonly past: PastCursor;
  readonly frozen: FrozenView | null;
  readonly outbox: Outbox;
}

export interface Draft {
  readonly text: string;
  readonly copies: readonly string[];
}

interface Schema extends DBSchema {
  meta: { key: string; value: unknown };
  entries: { key: number; value: Stored; indexes: { kind: string; files: number } };
  outbox: { key: number; value: OutboxItem };
  copies: { key: string; value: Copy };
}

const STORES = ["meta", "entries", "outbox", "copies"] as const;

export type ChangeOutbox = (outbox: Outbox) => Outbox;

export class Kv {
  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  /** Open the store, making it where there is none. Rejects where the browser keeps nothing (private windows). */
  static async open(name = "deskhand"): Promise<Kv> {
    const db = await openDB<Schema>(name, 1, {
      upgrade(made) {
        made.createObjectStore("meta");
        made.createObjectStore("outbox", { keyPath: "order" });
        made.createObjectStore("copies", { keyPath: "id" });
        const entries = made.createObjectStore("entries", { keyPath: "seq" });
        entries.createIndex("kind", "kind");
        entries.createIndex("files", "files");
      },
      // A newer page in another tab needs the old one to let go.
      blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
    });
    return new Kv(db);
  }

  close(): void {
    this.db.close();
  }

  /** Everything but the entries; null where this device belongs to no thread. */
  async load(): Promise<Loaded | null> {
    const tx = this.db.transaction(["meta", "outbox"]);
    const meta = tx.objectStore("meta");
    const [identity, known, facts, pastFacts, past, frozen, outbox] = await Promise.all([
      meta.get("identity"), meta.get("known"), meta.get("facts"), meta.get("pastFacts"), meta.get("past"),
      meta.get("frozen"), tx.objectStore("outbox").getAll(),
    ]);
    if (identity === undefined) return null;
    return { identity, known, facts, pastFacts, past, frozen: frozen ?? null, outbox } as unknown as Loaded;
  }

  /** This device joined a thread: whatever it held before is gone. */
  async join(identity: Identity, known: Known, past: PastCursor, pastFacts: Facts): Promise<void> {
    const tx = this.db.transaction(STORES, "readwrite");
    await Promise.all(STORES.map((name) => tx.objectStore(name).clear()));
    const meta = tx.objectStore("meta");
    await Promise.all([
      meta.put(identity, "identity"), meta.put(known, "known"), meta.put(NO_FACTS, "facts"), meta.put(past, "past"),
      meta.put(pastFacts, "pastFacts"), tx.done,
    ]);
  }

  async wipe(): Promise<void> {
    const tx = this.db.transaction(STORES, "readwrite");
    await Promise.all([...STORES.map((name) => tx.objectStore(name).clear()), tx.done]);
  }

  /** New entries with what they cause: cursor, facts and the outbox, in one transaction. Returns the outbox. */
  async commit(entries: readonly Stored[], known: Known, facts: Facts, change: ChangeOutbox): Promise<Outbox> {
    const tx = this.db.transaction(["meta", "entries", "outbox"], "readwrite");
    const held = (await tx.objectStore("meta").get("known")) as Known | undefined;
    if (held === undefined || held.thread !== known.thread || held.seq + entries.length !== known.seq) {
      tx.abort();
      await tx.done.catch(() => undefined);
      throw new Error("the store moved on without this page");
    }
    const outbox = await changeOutbox(tx.objectStore("outbox"), change);
    for (const entry of entries) void tx.objectStore("entries").put(entry);
    void tx.objectStore("meta").put(known, "known");
    void tx.objectStore("meta").put(facts, "facts");
    void tx.objectStore("meta").delete("frozen");
    await tx.done;
    return outbox;
  }

  /** An older page, with the facts it adds; `repeated` entries turned out to be none. */
  async prepend(entries: readonly Stored[], past: PastCursor, pastFacts: Facts, repeated: readonly number[]): Promise<void> {
    const tx = this.db.transaction(["meta", "entries"], "readwrite");
    const store = tx.objectStore("entries");
    for (const entry of entries) void store.put(entry);
    for (const seq of repeated) {
      const old = await store.get(seq);
      if (old !== undefined) {
        const { sealed, at, head } = old;
        void store.put({ seq, sealed, at, head, kind: "void", reason: "a repetition" });
      }
    }
    void tx.objectStore("meta").put(past, "past");
    void tx.objectStore("meta").put(pastFacts, "pastFacts");
    await tx.done;
  }

  /** Change the outbox; new items come with order 0 and get the next place. Returns it as it now stands. */
  async changeOutbox(change: ChangeOutbox, copies: readonly Copy[] = [], draft?: Draft): Promise<Outbox> {
    const tx = this.db.transaction(["meta", "outbox", "copies"], "readwrite");
    const outbox = await changeOutbox(tx.objectStore("outbox"), change);
    for (const copy of copies) void tx.objectStore("copies").put(copy);
    if (draft !== undefined) void tx.objectStore("meta").put(draft, "draft");
    await tx.done;
    return outbox;
  }

  /** Take a file's private copy away once an item needs it no more. */
  async dropCopies(ids: readonly string[]): Promise<void> {
    const tx = this.db.transaction("copies", "readwrite");
    await Promise.all([...ids.map((id) => tx.store.delete(id)), tx.done]);
  }

  async putCopy(copy: Copy): Promise<void> {
    await this.db.put("copies", copy);
  }

  async copy(id: string): Promise<Copy | undefined> {
    return this.db.get("copies", id);
  }

  async outbox(): Promise<Outbox> {
    return this.db.getAll("outbox");
  }

  async draft(): Promise<Draft> {
    return ((await this.db.get("meta", "draft")) as Draft | undefined) ?? { text: "", copies: [] };
  }

  async setDraft(draft: Draft): Promise<void> {
    await this.db.put("meta", draft, "draft");
  }

  async setFrozen(frozen: FrozenView): Promise<void> {
    await this.db.put("meta", frozen, "frozen");
  }

  async note(name: "push", value: unknown): Promise<void> {
    await this.db.put("meta", value, name);
  }

  async noted(name: "push"): Promise<unknown> {
    return this.db.get("meta", name);
  }

  // ---------------------------------------------------------------------------------------------------- entries ---

  /** Up to `count` entries just below `before`, oldest first. */
  async entriesBefore(before: number, count: number): Promise<Stored[]> {
    const lowest = Math.max(1, before - count);
    return lowest >= before ? [] : this.db.getAll("entries", IDBKeyRange.bound(lowest, before - 1));
  }

  /** Entries from `seq` on, oldest first. */
  async entriesFrom(seq: number): Promise<Stored[]> {
    return this.db.getAll("entries", IDBKeyRange.lowerBound(seq));
  }

  /** The head after entry `seq`, or null where it is not held. */
  async head(seq: number): Promise<string | null> {
    return (await this.db.get("entries", seq))?.head ?? null;
  }

  async ofKinds(kinds: readonly Body["type"][]): Promise<Stored[]> {
    const lists = await Promise.all(kinds.map((kind) => this.db.getAllFromIndex("entries", "kind", kind)));
    return lists.flat().sort((a, b) => a.seq - b.seq);
  }

  async withFiles(): Promise<Stored[]> {
    return this.db.getAllFromIndex("entries", "files", 1);
  }

  /** Give entries from new to old to `visit` until it returns false. */
  async backwards(visit: (entry: Stored) => boolean): Promise<void> {
    let cursor = await this.db.transaction("entries").store.openCursor(null, "prev");
    while (cursor !== null && visit(cursor.value)) cursor = await cursor.continue();
  }
}

interface OutboxStore {
  getAll(): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<unknown>;
  delete(order: number): Promise<unknown>;
}

async function changeOutbox(store: OutboxStore, change: ChangeOutbox): Promise<Outbox> {
  const before = await store.getAll();
  let last = before.reduce((most, item) => Math.max(most, item.order), 0);
  const after = change(before).map((item) => (item.order === 0 ? { ...item, order: (last += 1) } : item));
  const left = new Set(after.map((item) => item.order));
  for (const item of before) if (!left.has(item.order)) void store.delete(item.order);
  for (const item of after) if (!before.includes(item)) void store.put(item);
  return after;
}
