import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";

import type { OutboxItem } from "../src/core/outbox.ts";
import type { Stored } from "../src/core/records.ts";
import type { Kv } from "../src/io/kv.ts";
import { Mirror } from "../src/io/mirror.ts";
import { Sender } from "../src/io/sender.ts";
import { parseEntry } from "../src/protocol/envelope.ts";
import type { Append, ErrorFrame } from "../src/protocol/generated.ts";
import { readPast } from "../src/protocol/history.ts";
import type { Known } from "../src/protocol/transcript.ts";
import type { FrozenView } from "../src/state/view.ts";
import { Computer } from "./support/computer.ts";

let computer: Computer;
let kv: Kv;
let known: Known;
let mirror: Mirror;
let frozen: FrozenView | null;
let trouble: unknown;
let stored: Stored[];
let stores = 0;

const NOTICE = { type: "notice", code: "x", text: "Hello", next: "" };

beforeEach(async () => {
  computer = await Computer.start();
  stores += 1;
  kv = await computer.joined(`test-${stores}`);
  const loaded = await kv.load();
  if (loaded === null) throw new Error("not joined");
  known = loaded.known;
  [frozen, trouble, stored] = [null, null, []];
  mirror = new Mirror(kv, known, loaded.facts, {
    onStored: (entries, after) => {
      stored.push(...entries);
      known = after;
    },
    onFrozen: (view) => (frozen = view),
    onProblem: (error) => (trouble = error),
  });
});

describe("taking entries", () => {
  it("stores each with the cursor and what it causes, so that a restart goes on from there (SPEC 3.16)", async () => {
    await computer.say("host", NOTICE);
    await computer.say("host", { type: "pause", on: true, via: "terminal" });
    await mirror.take(computer.page(3));
    const loaded = await kv.load();
    expect(loaded?.known).toMatchObject({ seq: 4, head: computer.heads[4] });
    expect(loaded?.facts).toMatchObject({ paused: true, hostSaid: "2026-03-01T12:00:00Z" });
    expect((await kv.entriesFrom(1)).map((entry) => [entry.seq, entry.kind])).toEqual([[3, "notice"], [4, "pause"]]);
    expect(await kv.head(3)).toBe(computer.heads[3]);
  });

  it("skips what it has, and takes what overlaps", async () => {
    await computer.say("host", NOTICE);
    await mirror.take(computer.page(3));
    await computer.say("host", NOTICE);
    await mirror.take(computer.page(2));
    expect(stored.map((entry) => entry.seq)).toEqual([3, 4]);
  });

  it("freezes where entries are missing, keeps what came before, and goes on once they are there", async () => {
    await computer.say("host", NOTICE);
    await computer.say("host", NOTICE);
    await computer.say("host", NOTICE);
    await mirror.take(computer.page(3, 3));
    await mirror.take(computer.page(5));
    expect(frozen).toMatchObject({ seq: 5 });
    expect((await kv.load())?.frozen).toMatchObject({ seq: 5 });
    await mirror.take(computer.page(4));
    expect(known.seq).toBe(3);
    mirror.again();
    await mirror.take(computer.page(4));
    expect(known.seq).toBe(5);
    expect((await kv.load())?.frozen).toBeNull();
  });

  it("freezes where the relay's thread is another one", async () => {
    await computer.say("host", NOTICE);
    await mirror.take({ ...computer.page(3), prev: "0".repeat(64) });
    expect(frozen?.reason).toContain("not the one");
    expect(known.seq).toBe(2);
  });

  it("freezes where the relay lost entries", async () => {
    await mirror.behind("It has entries up to 1.");
    expect(frozen?.reason).toContain("lost entries");
  });

  it("shows what could not be verified and goes on", async () => {
    await computer.store("rubbish");
    await computer.say("host", NOTICE);
    await mirror.take(computer.page(3));
    expect(stored.map((entry) => entry.kind)).toEqual(["void", "notice"]);
  });

  it("does not write over what another page stored", async () => {
    await computer.say("host", NOTICE);
    const other = new Mirror(kv, known, (await kv.load())!.facts, { onStored: () => undefined, onFrozen: () => undefined, onProblem: () => undefined });
    await other.take(computer.page(3));
    await mirror.take(computer.page(3));
    expect(String(trouble)).toContain("moved on");
  });

  it("notes the hash of an ask, and which entries carry files", async () => {
    const action = { title: "Move", tool: "files.move" };
    await computer.say("host", { type: "ask", task: "0".repeat(32), kind: "approval", level: 2, action, digest: "0".repeat(64), reversible: true });
    const file = { name: "a.pdf", bytes: 1, sha256: "0".repeat(64), mime: "application/pdf" };
    await computer.say("host", { type: "fetched", target: "0".repeat(32), files: [file] });
    await mirror.take(computer.page(3));
    expect((await kv.withFiles()).map((entry) => entry.seq)).toEqual([4]);
    expect((await kv.load())?.facts.asks[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("sending", () => {
  let sent: Append[];
  let sender: Sender;
  let connected: boolean;

  function plain(id: string): OutboxItem {
    return { order: 0, at: "", body: { id: id.padStart(32, "0"), type: "message", text: id }, copies: [], blobs: [], state: "plain" };
  }

  async function until(check: () => boolean | Promise<boolean>): Promise<void> {
    await expect.poll(check).toBe(true);
  }

  beforeEach(() => {
    [sent, connected] = [[], true];
    sender = new Sender(kv, computer.phone, {
      known: () => known,
      ready: () => connected,
      send: (frame) => sent.push(frame) > 0,
      upload: async (copy) => `blob of ${copy}`,
      onOutbox: () => undefined,
      onTrouble: () => undefined,
    });
  });

  async function write(...ids: string[]): Promise<void> {
    await kv.changeOutbox((outbox) => [...outbox, ...ids.map(plain)]);
    sender.kick();
    await until(() => sent.length >= ids.length);
  }

  it("numbers in order, and sends the same bytes until they are in the thread (SPEC 5.15)", async () => {
    await write("a", "b");
    expect(sent.map((frame) => frame.n)).toEqual([1, 2]);
    const [first, second] = sent.map((frame) => frame.sealed);
    await sender.resend();
    expect(sent.slice(2).map((frame) => frame.sealed)).toEqual([first, second]);
    await computer.store(first ?? "");
    await mirror.take(computer.page(3));
    expect((await kv.outbox()).map((item) => item.body.id.at(-1))).toEqual(["b"]);
  });

  it("waits for a connection that follows the thread", async () => {
    connected = false;
    await kv.changeOutbox((outbox) => [...outbox, plain("a")]);
    sender.kick();
    await new Promise((resolve) => setTimeout(resolve));
    expect((await kv.outbox())[0]?.state).toBe("plain");
    connected = true;
    sender.kick();
    await until(() => sent.length === 1);
  });

  it("sends files first and names them", async () => {
    await kv.changeOutbox((outbox) => [...outbox, { ...plain("a"), copies: ["one", "two"] }]);
    sender.kick();
    await until(() => sent.length === 1);
    expect(sent[0]?.blobs).toEqual(["blob of one", "blob of two"]);
  });

  it("goes back to where the relay has a gap", async () => {
    await write("a", "b", "c");
    await sender.failed({ type: "error", code: "gap", message: "", n: 3, next_n: 2 });
    expect(sent.slice(3).map((frame) => frame.n)).toEqual([2, 3]);
  });

  it("uses a refused entry's number for the next one", async () => {
    await write("a", "b");
    const error: ErrorFrame = { type: "error", code: "too_large", message: "Too large.", n: 1 };
    await sender.failed(error);
    await until(() => sent.length === 3);
    expect(sent[2]?.n).toBe(1);
    expect((await kv.outbox()).map((item) => item.state)).toEqual(["refused", "sealed"]);
  });

  it("lets one at a time take a number, however many send (SPEC 5.16)", async () => {
    const ends = { known: () => known, ready: () => true, send: (frame: Append) => sent.push(frame) > 0, upload: async () => null, onOutbox: () => undefined, onTrouble: () => undefined };
    const others = [new Sender(kv, computer.phone, ends), new Sender(kv, computer.phone, ends)];
    await kv.changeOutbox((outbox) => [...outbox, ...["a", "b", "c", "d"].map(plain)]);
    for (const one of [sender, ...others]) one.kick();
    await until(async () => (await kv.outbox()).every((item) => item.state === "sealed"));
    const items = await kv.outbox();
    expect(items.map((item) => item.state === "sealed" && item.n)).toEqual([1, 2, 3, 4]);
    for (const frame of sent) expect(items.map((item) => item.state === "sealed" && item.sealed)).toContain(frame.sealed);
  });

  it("puts its own entry back where it became void: same body, next number (SPEC 3.18)", async () => {
    await write("a");
    const body = (await kv.outbox())[0]?.body;
    await computer.store(await computer.seal("phone", { type: "reply", in_reply_to: "0".repeat(32), text: "not mine to say" }, 1));
    await mirror.take(computer.page(3));
    expect(stored[0]?.kind).toBe("void");
    sender.kick();
    await until(() => sent.length === 2);
    expect(parseEntry(sent[1]?.sealed ?? "").kid.n).toBe(2);
    expect((await kv.outbox())[0]?.body).toEqual(body);
  });

  it("adopts what the thread has under its number, and sends its own again under the next", async () => {
    await write("a");
    await computer.say("phone", { type: "message", text: "from a copy of this phone" });
    await mirror.take(computer.page(3));
    sender.kick();
    await until(() => sent.length === 2);
    expect(parseEntry(sent[1]?.sealed ?? "").kid.n).toBe(2);
  });
});

describe("older pages", () => {
  async function told(count: number): Promise<Known> {
    for (let index = 0; index < count; index += 1) await computer.say(index % 2 === 0 ? "host" : "phone", { ...NOTICE, type: index % 2 === 0 ? "notice" : "pause", on: true });
    return computer.known();
  }

  function read(later: Known, cursor: Parameters<typeof readPast>[1], first: number, last: number) {
    const page = computer.page(first, last);
    return readPast(later, cursor, page.first, page.prev, page.items.map((item) => item.sealed));
  }

  const start = (later: Known) => ({ before: later.seq + 1, head: later.head, counters: Object.fromEntries(Object.values(later.members).map((one) => [one.id, { n: one.n, at: null }])) });

  it("are genuine down to the first entry, page by page", async () => {
    const later = await told(8);
    const upper = await read(later, start(later), 6, 10);
    const lower = await read(later, upper.cursor, 1, 5);
    expect([...lower.entries, ...upper.entries].map((entry) => entry.verdict.kind)).toEqual(Array.from({ length: 10 }, () => "genuine"));
    expect(lower.cursor).toMatchObject({ before: 1, head: computer.heads[0] });
    expect(Object.values(lower.cursor.counters).map((one) => one.n)).toEqual([0, 0]);
  });

  it("are refused where they do not lead to the trusted head", async () => {
    const later = await told(4);
    const page = computer.page(3, 6);
    const swapped = [page.items[1], page.items[0], ...page.items.slice(2)].map((item) => item?.sealed ?? "");
    await expect(readPast(later, start(later), 3, page.prev, swapped)).rejects.toThrow("does not lead");
    await expect(readPast(later, start(later), 2, page.prev, swapped)).rejects.toThrow("another page");
    await expect(readPast(later, start(later), 7, later.head, [])).rejects.toThrow("another page");
  });

  it("tell a repetition from the entry it repeats, also across pages", async () => {
    const twice = await computer.say("phone", { type: "pause", on: true });
    await computer.say("host", NOTICE);
    await computer.store(twice);
    const later = computer.known();
    const whole = await read(later, start(later), 1, 5);
    expect(whole.entries.map((entry) => entry.verdict.kind)).toEqual(["genuine", "genuine", "genuine", "genuine", "void"]);
    const upper = await read(later, start(later), 5, 5);
    const lower = await read(later, upper.cursor, 1, 4);
    expect(lower.repeated).toEqual([5]);
    expect(lower.entries[2]?.verdict.kind).toBe("genuine");
  });

  it("show what nobody of the thread wrote as not verified", async () => {
    await computer.store("rubbish");
    await computer.store(await computer.seal("phone", { type: "reply", in_reply_to: "0".repeat(32), text: "I am not the host" }));
    const later = computer.known();
    const page = await read(later, start(later), 3, 4);
    expect(page.entries.map((entry) => entry.verdict.kind)).toEqual(["void", "void"]);
    expect(page.cursor.counters[computer.phone.id]?.n).toBe(0);
  });
});
