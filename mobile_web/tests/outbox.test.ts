import { describe, expect, it } from "vitest";

import * as box from "../src/core/outbox.ts";
import type { Body } from "../src/protocol/generated.ts";

function message(id: string, order: number, files = 0): box.PlainItem {
  const body: Body = { id, type: "message", text: id };
  return { order, at: "", body, copies: Array.from({ length: files }, (_, index) => `${id}${index}`), blobs: [], state: "plain" };
}

function stop(id: string, order: number): box.PlainItem {
  return { order, at: "", body: { id, type: "stop", all: true }, copies: [], blobs: [], state: "plain" };
}

function sealed(id: string, n: number, epoch = 1): box.SealedItem {
  return box.seal(message(id, n), n, epoch, `bytes of ${id}`);
}

const states = (outbox: box.Outbox) => outbox.map((item) => `${item.body.id} ${item.state}${item.state === "sealed" ? ` ${item.n}` : ""}`);

describe("what is sealed next", () => {
  it("is the oldest message", () => {
    expect(box.nextToSeal([message("a", 1), message("b", 2)])?.body.id).toBe("a");
  });
  it("is what stops or answers, before messages", () => {
    expect(box.nextToSeal([message("a", 1, 1), stop("b", 2)])?.body.id).toBe("b");
  });
  it("is nothing that was sealed or refused", () => {
    const [refused] = box.refused([sealed("a", 1)], 1, "no");
    expect(box.nextToSeal([sealed("b", 1), refused as box.OutboxItem])).toBeUndefined();
  });
});

describe("numbers", () => {
  it("follow what is verified and what is sealed here, without gaps", () => {
    expect(box.nextN([], 4)).toBe(5);
    expect(box.nextN([sealed("a", 5), sealed("b", 6), message("c", 7)], 4)).toBe(7);
  });
  it("of a refused entry are free again, and so are those behind it", () => {
    const after = box.refused([sealed("a", 5), sealed("b", 6), sealed("c", 7)], 6, "too large");
    expect(states(after)).toEqual(["a sealed 5", "b refused", "c plain"]);
    expect(box.nextN(after, 4)).toBe(6);
  });
  it("are used again after the epoch moved on, for what was not stored", () => {
    const after = box.resealed([sealed("a", 5), sealed("b", 6), sealed("c", 7, 2)], 2, 4);
    expect(states(after)).toEqual(["a plain", "b plain", "c sealed 7"]);
    expect(states(box.resealed([sealed("a", 5)], 1, 4))).toEqual(["a sealed 5"]);
  });
});

describe("sending again", () => {
  it("gives the same bytes in order of n", () => {
    const outbox = [sealed("b", 6), message("c", 7), sealed("a", 5)];
    expect(box.unverified(outbox).map((item) => item.sealed)).toEqual(["bytes of a", "bytes of b"]);
    expect(box.unverified(outbox, 6).map((item) => item.n)).toEqual([6]);
  });
  it("goes on after an ack, until the entry is verified in the thread", () => {
    const outbox = box.acked([sealed("a", 5), sealed("b", 6)], 5);
    expect(outbox.map((item) => item.state === "sealed" && item.acked)).toEqual([true, false]);
    expect(box.unverified(outbox)).toHaveLength(2);
  });
});

describe("what arrives in the thread", () => {
  it("ends its item", () => {
    expect(states(box.arrived([sealed("a", 5), sealed("b", 6)], 5, "a"))).toEqual(["b sealed 6"]);
  });
  it("ends it also where it was on its way a second time", () => {
    expect(states(box.arrived([sealed("a", 6)], 5, "a"))).toEqual([]);
    expect(states(box.arrived([message("a", 1)], 5, "a"))).toEqual([]);
  });
  it("puts it back where it became void: same body, another number", () => {
    const after = box.arrived([sealed("a", 5)], 5, null);
    expect(states(after)).toEqual(["a plain"]);
    expect(box.nextN(after, 5)).toBe(6);
  });
  it("puts it back where another body took its number", () => {
    expect(states(box.arrived([sealed("a", 5)], 5, "other"))).toEqual(["a plain"]);
  });
});

describe("withdrawing and changing", () => {
  it("is local until it is sealed", () => {
    const changed = box.edited([message("a", 1)], "a", { body: { id: "a", type: "message", text: "new" } });
    expect(changed?.[0]?.body).toMatchObject({ text: "new" });
    expect(box.withdrawn([message("a", 1), message("b", 2)], "a")?.map((item) => item.body.id)).toEqual(["b"]);
  });
  it("is too late afterwards", () => {
    expect(box.edited([sealed("a", 1)], "a", {})).toBeUndefined();
    expect(box.withdrawn([sealed("a", 1)], "a")).toBeUndefined();
    expect(box.withdrawn([], "a")).toBeUndefined();
  });
  it("lets a refused message try again", () => {
    const refused = box.refused([sealed("a", 1)], 1, "too large");
    expect(states(box.edited(refused, "a", { body: { id: "a", type: "message", text: "short" } }) ?? [])).toEqual(["a plain"]);
  });
});
