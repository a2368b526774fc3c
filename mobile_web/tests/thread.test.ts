import { describe, expect, it } from "vitest";

import { gather, merge, NO_FACTS } from "../src/core/facts.ts";
import { heard, NO_LIVE, settled, spliced } from "../src/core/live.ts";
import { type OutboxItem, seal } from "../src/core/outbox.ts";
import type { Stored } from "../src/core/records.ts";
import { type Here, type Shown, threadItems } from "../src/core/thread.ts";
import type { Body } from "../src/protocol/generated.ts";
import type { Item } from "../src/state/view.ts";

const HOST = "h".repeat(32);
const ME = "m".repeat(32);
const USAGE = { input_tokens: 1, output_tokens: 2, usd: 0.03, seconds: 4 };
const ACTION = { title: "Move 3 files", tool: "files.move" };

function id(name: string): string {
  return name.padEnd(32, "0");
}

type Draft = Body extends infer B ? (B extends Body ? Omit<B, "id"> & { id?: string } : never) : never;

/** A thread told in order; each line is [who, body]. */
function told(...lines: readonly [string, Draft][]): Stored[] {
  return lines.map(([device, draft], index) => {
    const body = { id: id(`b${index + 1}`), ...draft } as Body;
    const said = `2026-03-01T12:00:${String(index).padStart(2, "0")}Z`;
    return { seq: index + 1, sealed: "", at: said, head: "", kind: body.type, device, n: index, said, body, ...(body.type === "ask" ? { askHash: `hash${index + 1}` } : {}) } as Stored;
  });
}

function here(entries: readonly Stored[], change: Partial<Here> = {}): Here {
  const facts = gather(entries, (device) => device === HOST, () => undefined);
  return { me: ME, host: HOST, scopes: ["write", "approve"], names: { [ME]: "Phone", [HOST]: "Desk" }, facts, dropped: new Set(), away: false, frozen: false, uploads: new Map(), ...change };
}

function show(entries: readonly Stored[], change: Partial<Shown> = {}, before: readonly Item[] = []): readonly Item[] {
  return threadItems({ entries, outbox: [], live: NO_LIVE, here: here(entries), ...change }, before).filter((item) => item.type !== "day");
}

function only<T extends Item["type"]>(items: readonly Item[], type: T): Extract<Item, { type: T }> {
  const found = items.filter((item) => item.type === type);
  expect(found).toHaveLength(1);
  return found[0] as Extract<Item, { type: T }>;
}

const message: [string, Draft] = [ME, { id: id("msg"), type: "message", text: "Tidy my desk" }];
const receipt = (kind: "received" | "started" | "answered" | "failed" | "refused", reason?: string): [string, Draft] =>
  [HOST, { type: "receipt", target: id("msg"), kind, reason: reason ?? null }];
const created: [string, Draft] = [HOST, { type: "task.created", task: id("t"), kind: "work", title: "Tidy", brief: "…", plan: [{ text: "Look", state: "now" }], in_reply_to: id("msg") }];
const running: [string, Draft] = [HOST, { type: "task.state", task: id("t"), state: "running" }];
const asked: [string, Draft] = [HOST, { type: "ask", task: id("t"), kind: "approval", level: 2, action: ACTION, digest: "d".repeat(64), reversible: true, scopes: ["once", "task"] }];
const ended: [string, Draft] = [HOST, { type: "result", task: id("t"), in_reply_to: id("msg"), text: "Tidied", seconds: 3, usage: USAGE, undo: { changes: 2, until: "2026-03-02T00:00:00Z" } }];

describe("receipts of a message", () => {
  it.each([
    [[], false, "relay", true],
    [[], true, "waiting", true],
    [[receipt("received")], false, "computer", true],
    [[receipt("received"), receipt("started")], false, "working", false],
    [[receipt("received"), receipt("started"), receipt("answered")], true, "answered", false],
    [[receipt("received"), receipt("refused", "Paused.")], false, "refused", false],
  ] as const)("%j, computer away: %s → %s", (receipts, away, kind, open) => {
    const entries = told(message, ...receipts);
    const item = only(show(entries, { here: here(entries, { away }) }), "message");
    expect(item.receipt.kind).toBe(kind);
    expect(item.canCancel).toBe(open);
    expect(item.canEdit).toBe(open);
    expect(item.expiresAt).toBe("2026-03-01T12:00:00.000Z");
  });

  const plain: OutboxItem = { order: 1, at: "2026-03-01T12:00:09Z", body: { id: id("msg"), type: "message", text: "Tidy my desk" }, copies: [], blobs: [], state: "plain" };
  it.each([
    [plain, false, "on_phone"],
    [seal(plain, 1, 1, ""), false, "on_phone"],
    [{ ...seal(plain, 1, 1, ""), acked: true }, false, "relay"],
    [{ ...seal(plain, 1, 1, ""), acked: true }, true, "waiting"],
    [{ ...plain, state: "refused", reason: "too large" } as OutboxItem, false, "refused"],
  ] as const)("before it is in the thread %#", (item, away, kind) => {
    const shown = only(show([], { outbox: [item], here: here([], { away }) }), "message");
    expect(shown.receipt.kind).toBe(kind);
    expect(shown.seq).toBeUndefined();
  });

  it("is one item from the phone to the thread, under one key", () => {
    const early = only(show([], { outbox: [plain] }), "message");
    const both = only(show(told(message), { outbox: [seal(plain, 1, 1, "")] }), "message");
    expect(both.key).toBe(early.key);
  });

  it("shows the edited text, and no Cancel once it was asked for", () => {
    const entries = told(message, [ME, { type: "edit", target: id("msg"), text: "Tidy my drawer" }], [ME, { type: "cancel", target: id("msg") }]);
    const item = only(show(entries), "message");
    expect([item.text, item.edited, item.canCancel]).toEqual(["Tidy my drawer", true, false]);
  });

  it("offers nothing to a device that may only read", () => {
    const item = only(show(told(message), { here: here([], { scopes: [] }) }), "message");
    expect([item.canCancel, item.canEdit]).toEqual([false, false]);
  });
});

describe("tasks and results", () => {
  it("follow plan, state and live steps", () => {
    let live = heard(NO_LIVE, "s", 1, { type: "step", task: id("t"), step: id("1"), tool: "files", title: "Reading", state: "running" }, "");
    live = heard(live, "s", 2, { type: "step", task: id("t"), step: id("2"), tool: "files", title: "Moving", state: "running" }, "");
    live = heard(live, "s", 3, { type: "step", task: id("t"), step: id("1"), tool: "files", title: "Reading", state: "ok" }, "");
    const item = only(show(told(message, created, running, [HOST, { type: "task.plan", task: id("t"), plan: [{ text: "Look", state: "done" }] }]), { live }), "task");
    expect(item).toMatchObject({ state: "running", currentStep: "Moving", canStop: true, plan: [{ text: "Look", state: "done" }] });
    expect(item.steps.map((step) => step.state)).toEqual(["ok", "running"]);
  });

  it("end with the result, its cost and an offer to undo", () => {
    const items = show(told(message, created, running, ended));
    const task = only(items, "task");
    const result = only(items, "result");
    expect(task).toMatchObject({ state: "done", usd: 0.03, canStop: false, resultKey: result.key });
    expect(result).toMatchObject({ taskTitle: "Tidy", undo: "offered", undoChanges: 2, text: "Tidied" });
  });

  it.each([
    [[], "offered"],
    [[[ME, { id: id("u"), type: "request.undo", task: id("t") }]], "asked"],
    [[[ME, { id: id("u"), type: "request.undo", task: id("t") }], [HOST, { type: "receipt", target: id("u"), kind: "refused", reason: "Changed since." }]], "refused"],
    [[[ME, { id: id("u"), type: "request.undo", task: id("t") }], [HOST, { type: "undo.done", task: id("t"), restored: ["a"] }]], "done"],
  ] as [[string, Draft][], string][])("undo %#: %s", (more, state) => {
    expect(only(show(told(message, created, ended, ...more)), "result").undo).toBe(state);
  });
});

describe("asks", () => {
  const answer = (hash: string): [string, Draft] => [ME, { type: "answer", ask_seq: 3, ask_hash: hash, verdict: "approve", scope: "once" }];
  const lines = [message, created, asked] as const;

  it("are open until somebody answers, and the first right answer counts", () => {
    expect(only(show(told(...lines)), "ask")).toMatchObject({ state: "open", canAnswer: true, scopes: ["once", "task"], taskTitle: "Tidy" });
    expect(only(show(told(...lines, answer("other"))), "ask").state).toBe("open");
    const answered = only(show(told(...lines, answer("hash3"))), "ask");
    expect(answered).toMatchObject({ state: "answered", verdict: "approve", answeredBy: "Phone", canAnswer: false });
  });

  it("are being sent while the answer is in the outbox, and open again where it was refused", () => {
    const body: Body = { id: id("a"), type: "answer", ask_seq: 3, ask_hash: "hash3", verdict: "deny", reason: "no" };
    const item: OutboxItem = { order: 1, at: "", body, copies: [], blobs: [], state: "plain" };
    expect(only(show(told(...lines), { outbox: [item] }), "ask")).toMatchObject({ state: "sending", verdict: "deny", verdictText: "no" });
    const refused: OutboxItem = { ...item, state: "refused", reason: "" };
    expect(only(show(told(...lines), { outbox: [refused] }), "ask").state).toBe("open");
  });

  it("are closed by the computer", () => {
    const changed = told(...lines, [HOST, { type: "ask.closed", ask_seq: 3, reason: "changed" }]);
    expect(only(show(changed), "ask").state).toBe("changed");
  });

  it("cannot be answered while the thread is frozen, or without the scope", () => {
    const entries = told(...lines);
    expect(only(show(entries, { here: here(entries, { frozen: true }) }), "ask").canAnswer).toBe(false);
    expect(only(show(entries, { here: here(entries, { scopes: ["write"] }) }), "ask").canAnswer).toBe(false);
  });
});

describe("facts", () => {
  const lines = told(message, created, asked, [ME, { type: "answer", ask_seq: 3, ask_hash: "hash3", verdict: "approve" }], asked, [HOST, { type: "ask.closed", ask_seq: 5, reason: "withdrawn" }], asked, [HOST, { type: "memory", text: "new", sha256: "" }], [ME, { type: "pause", on: true }]);
  const all = gather(lines, (device) => device === HOST, () => undefined);

  it("hold open asks, unfinished tasks and the latest word", () => {
    expect(all.asks.map((ask) => ask.seq)).toEqual([7]);
    expect(all.tasks[id("t")]).toMatchObject({ title: "Tidy", state: "queued" });
    expect([all.memory?.text, all.paused, all.hostSaid]).toEqual(["new", true, lines[7]?.at]);
  });

  it.each(lines.map((_, index) => index))("are the same however the thread is read: cut after %i", (cut) => {
    const part = (from: number, to?: number) => gather(lines.slice(from, to), (device) => device === HOST, () => undefined);
    const joined = merge(part(0, cut), part(cut));
    expect({ ...joined, closed: [], answered: {} }).toEqual({ ...all, closed: [], answered: {} });
    expect(merge(NO_FACTS, joined)).toEqual(joined);
  });
});

describe("live text", () => {
  it("appears as a reply, and gives way to the entry under the same key", () => {
    const live = heard(NO_LIVE, "s", 1, { type: "text", in_reply_to: id("msg"), offset: 0, text: "On " }, "2026-03-01T12:00:01Z");
    const more = heard(live, "s", 2, { type: "text", in_reply_to: id("msg"), offset: 3, text: "it" }, "");
    const streaming = only(show(told(message), { live: more }), "reply");
    expect([streaming.text, streaming.streaming]).toEqual(["On it", true]);
    const after = settled(more, { inReplyTo: id("msg"), task: null });
    const said = only(show(told(message, [HOST, { type: "reply", in_reply_to: id("msg"), text: "On it." }]), { live: after }), "reply");
    expect([said.text, said.streaming, said.key]).toEqual(["On it.", false, streaming.key]);
    expect(heard(after, "s", 3, { type: "text", in_reply_to: id("msg"), offset: 5, text: "!" }, "").texts.size).toBe(0);
  });

  it("drops repeated and old frames, and waits where something was missed", () => {
    const text = (i: number, offset: number, part: string) => heard(NO_LIVE, "s", i, { type: "text", in_reply_to: id("msg"), offset, text: part }, "");
    expect(heard(text(2, 0, "new"), "s", 1, { type: "text", in_reply_to: id("msg"), offset: 0, text: "old" }, "").texts.get("s")?.text).toBe("new");
    expect(text(1, 4, "late").texts.size).toBe(0);
  });

  it.each([["", 0, "a", "a"], ["a😀b", 2, "c", "a😀c"], ["ab", 3, "c", null], ["ab", 2, "c", "abc"]] as const)("%j at %i + %j = %j", (whole, offset, part, result) => {
    expect(spliced(whole, offset, part)).toBe(result);
  });
});

describe("the list", () => {
  it("quotes what is answered only where it does not stand just above", () => {
    const other: [string, Draft] = [ME, { id: id("other"), type: "message", text: "And this" }];
    const reply: [string, Draft] = [HOST, { type: "reply", in_reply_to: id("msg"), text: "Yes" }];
    expect(only(show(told(message, reply)), "reply").quoted).toBeUndefined();
    expect(only(show(told(message, other, reply)), "reply").quoted).toBe("Tidy my desk");
  });

  it("keeps the identity of what did not change", () => {
    const entries = told(message, created);
    const before = threadItems({ entries, outbox: [], live: NO_LIVE, here: here(entries) }, []);
    const more = told(message, created, running);
    const after = threadItems({ entries: more, outbox: [], live: NO_LIVE, here: here(more) }, before);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
    expect(threadItems({ entries, outbox: [], live: NO_LIVE, here: here(entries) }, before)).toBe(before);
  });

  it("shows what could not be verified, and what a newer version made, as such", () => {
    const entries: Stored[] = [
      { seq: 1, sealed: "", at: "2026-03-01T12:00:00Z", head: "", kind: "void", reason: "a repetition" },
      { seq: 2, sealed: "", at: "2026-03-01T12:00:00Z", head: "", kind: "newer", device: HOST, n: 1, said: "2026-03-01T12:00:00Z" },
    ];
    expect(show(entries).map((item) => item.type === "void" && item.kind)).toEqual(["unverified", "newer"]);
  });

  it("begins each local day with its date, once", () => {
    const entries = told(message, created).map((entry, index) => ({ ...entry, said: `2026-03-0${index + 1}T12:00:00Z` })) as Stored[];
    const items = threadItems({ entries, outbox: [], live: NO_LIVE, here: here(entries) }, []);
    expect(items.map((item) => item.type)).toEqual(["day", "message", "day", "task"]);
  });
});
