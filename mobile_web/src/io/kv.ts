/**
 * What this device keeps, in IndexedDB. Every method is one transaction; what belongs together is stored together or
 * not at all. `CryptoKey`s are stored as they are and cannot be read again.
 */
import { type Facts, NO_FACTS } from "../core/facts.ts";
import type { Outbox, OutboxItem } from "../core/outbox.ts";
import type { Stored } from "../core/records.ts";
import type { BlobRef, Body } from "../protocol/generated.ts";
import type { PastCursor } from "../protocol/history.ts";
import type { Known } from "../protocol/transcript.ts";
import type { FrozenView } from "../state/view.ts";
import type { DeviceKey } from "./crypto_keys.ts";
import { done, openDatabase, result } from "./database.ts";

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
  /** Parts of it may be at the relay. */
  readonly begun?: true;
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

const STORES = ["meta", "entries", "outbox", "copies"] as const;
type Store = (typeof STORES)[number];

export type ChangeOutbox = (outbox: Outbox) => Outbox;

export class Kv {
  private constructor(private readonly db: IDBDatabase) {}

  /** Open the store, making it where there is none. Rejects where the browser keeps nothing (private windows). */
  static async open(name = "deskhand"): Promise<Kv> {
    const db = await openDatabase(name, (made) => {
      made.createObjectStore("meta");
      made.createObjectStore("outbox", { keyPath: "order" });
      made.createObjectStore("copies", { keyPath: "id" });
      const entries = made.createObjectStore("entries", { keyPath: "seq" });
      entries.createIndex("kind", "kind");
      entries.createIndex("files", "files");
    });
    return new Kv(db);
  }

  /** One store in a transaction of its own. */
  private at(name: Store, mode?: IDBTransactionMode): IDBObjectStore {
    return this.db.transaction(name, mode).objectStore(name);
  }

  close(): void {
    this.db.close();
  }

  /** Everything but the entries; null where this device belongs to no thread. */
  async load(): Promise<Loaded | null> {
    const tx = this.db.transaction(["meta", "outbox"]);
    const meta = tx.objectStore("meta");
    const [outbox, identity, ...rest] = await Promise.all([
      result<OutboxItem[]>(tx.objectStore("outbox").getAll()),
      ...["identity", "known", "facts", "pastFacts", "past", "frozen"].map((name) => result<unknown>(meta.get(name))),
    ]);
    if (identity === undefined) return null;
    const [known, facts, pastFacts, past, frozen = null] = rest;
    return { identity, known, facts, pastFacts, past, frozen, outbox } as unknown as Loaded;
  }

  /** This device joined a thread: whatever it held before is gone. */
  async join(identity: Identity, known: Known, past: PastCursor, pastFacts: Facts): Promise<void> {
    const tx = this.cleared();
    for (const [name, value] of Object.entries({ identity, known, facts: NO_FACTS, past, pastFacts })) {
      tx.objectStore("meta").put(value, name);
    }
    await done(tx);
  }

  async wipe(): Promise<void> {
    await done(this.cleared());
  }

  private cleared(): IDBTransaction {
    const tx = this.db.transaction(STORES, "readwrite");
    for (const name of STORES) tx.objectStore(name).clear();
    return tx;
  }

  /** New entries with what they cause: cursor, facts and the outbox, in one transaction. Returns the outbox. */
  async commit(entries: readonly Stored[], known: Known, facts: Facts, change: ChangeOutbox): Promise<Outbox> {
    const tx = this.db.transaction(["meta", "entries", "outbox"], "readwrite");
    const kept = done(tx);
    const meta = tx.objectStore("meta");
    const held = await result<Known | undefined>(meta.get("known"));
    if (held === undefined || held.thread !== known.thread || held.seq + entries.length !== known.seq) {
      tx.abort();
      await kept.catch(() => undefined);
      throw new Error("the store moved on without this page");
    }
    const outbox = await changeOutbox(tx.objectStore("outbox"), change);
    for (const entry of entries) tx.objectStore("entries").put(entry);
    meta.put(known, "known");
    meta.put(facts, "facts");
    meta.delete("frozen");
    await kept;
    return outbox;
  }

  /** An older page, with the facts it adds; `repeated` entries turned out to be none. */
  async prepend(entries: readonly Stored[], past: PastCursor, pastFacts: Facts, repeated: readonly number[]): Promise<void> {
    const tx = this.db.transaction(["meta", "entries"], "readwrite");
    const kept = done(tx);
    const store = tx.objectStore("entries");
    for (const entry of entries) store.put(entry);
    for (const seq of repeated) {
      const old = await result<Stored | undefined>(store.get(seq));
      if (old === undefined) continue;
      const { sealed, at, head } = old;
      store.put({ seq, sealed, at, head, kind: "void", reason: "a repetition" } satisfies Stored);
    }
    tx.objectStore("meta").put(past, "past");
    tx.objectStore("meta").put(pastFacts, "pastFacts");
    await kept;
  }

  /** Change the outbox; new items come with order 0 and get the next place. Returns it as it now stands. */
  async changeOutbox(change: ChangeOutbox, draft?: Draft): Promise<Outbox> {
    const tx = this.db.transaction(["meta", "outbox"], "readwrite");
    const kept = done(tx);
    const outbox = await changeOutbox(tx.objectStore("outbox"), change);
    if (draft !== undefined) tx.objectStore("meta").put(draft, "draft");
    await kept;
    return outbox;
  }

  /** Take private copies of files away once nothing needs them. */
  async dropCopies(ids: readonly string[]): Promise<void> {
    const store = this.at("copies", "readwrite");
    for (const id of ids) store.delete(id);
    await done(store.transaction);
  }

  /** Take away the copies that neither the outbox nor the draft names: left over from a page that was closed. */
  async sweepCopies(): Promise<void> {
    const tx = this.db.transaction(["meta", "outbox", "copies"], "readwrite");
    const kept = done(tx);
    const [outbox, draft, ids] = await Promise.all([
      result<OutboxItem[]>(tx.objectStore("outbox").getAll()),
      result<Draft | undefined>(tx.objectStore("meta").get("draft")),
      result(tx.objectStore("copies").getAllKeys()),
    ]);
    const named = new Set([...outbox.flatMap((item) => item.copies), ...(draft?.copies ?? [])]);
    for (const id of ids) if (!named.has(String(id))) tx.objectStore("copies").delete(id);
    await kept;
  }

  async putCopy(copy: Copy): Promise<void> {
    await result(this.at("copies", "readwrite").put(copy));
  }

  async copy(id: string): Promise<Copy | undefined> {
    return result(this.at("copies").get(id));
  }

  async outbox(): Promise<Outbox> {
    return result(this.at("outbox").getAll());
  }

  async draft(): Promise<Draft> {
    return (await result<Draft | undefined>(this.at("meta").get("draft"))) ?? { text: "", copies: [] };
  }

  async setDraft(draft: Draft): Promise<void> {
    await result(this.at("meta", "readwrite").put(draft, "draft"));
  }

  async setFrozen(frozen: FrozenView): Promise<void> {
    await result(this.at("meta", "readwrite").put(frozen, "frozen"));
  }

  async note(name: "push", value: unknown): Promise<void> {
    await result(this.at("meta", "readwrite").put(value, name));
  }

  async noted(name: "push"): Promise<unknown> {
    return result(this.at("meta").get(name));
  }

  // ---------------------------------------------------------------------------------------------------- entries ---

  /** Up to `count` entries just below `before`, oldest first. */
  async entriesBefore(before: number, count: number): Promise<Stored[]> {
    const lowest = Math.max(1, before - count);
    return lowest >= before ? [] : result(this.at("entries").getAll(IDBKeyRange.bound(lowest, before - 1)));
  }

  /** Entries from `seq` on, oldest first. */
  async entriesFrom(seq: number): Promise<Stored[]> {
    return result(this.at("entries").getAll(IDBKeyRange.lowerBound(seq)));
  }

  /** The head after entry `seq`, or null where it is not held. */
  async head(seq: number): Promise<string | null> {
    return (await result<Stored | undefined>(this.at("entries").get(seq)))?.head ?? null;
  }

  async ofKinds(kinds: readonly Body["type"][]): Promise<Stored[]> {
    const index = this.at("entries").index("kind");
    const lists = await Promise.all(kinds.map((kind) => result<Stored[]>(index.getAll(kind))));
    return lists.flat().sort((a, b) => a.seq - b.seq);
  }

  async withFiles(): Promise<Stored[]> {
    return result(this.at("entries").index("files").getAll(1));
  }

  /** Give entries from new to old to `visit` until it returns false. */
  async backwards(visit: (entry: Stored) => boolean): Promise<void> {
    const request = this.at("entries").openCursor(null, "prev");
    for (let cursor = await result(request); cursor !== null && visit(cursor.value as Stored); cursor = await result(request)) cursor.continue();
  }
}

async function changeOutbox(store: IDBObjectStore, change: ChangeOutbox): Promise<Outbox> {
  const before = await result<OutboxItem[]>(store.getAll());
  let last = before.reduce((most, item) => Math.max(most, item.order), 0);
  const after = change(before).map((item) => (item.order === 0 ? { ...item, order: (last += 1) } : item));
  const left = new Set(after.map((item) => item.order));
  for (const item of before) if (!left.has(item.order)) store.delete(item.order);
  for (const item of after) if (!before.includes(item)) store.put(item);
  return after;
}
