import { describe, expect, it } from "vitest";

import type { State } from "../src/core/connection.ts";
import { activityOf, hit } from "../src/core/finding.ts";
import type { Stored } from "../src/core/records.ts";
import { header, link, NO_STATUS, type Status } from "../src/core/status.ts";
import type { Body, LiveStatus } from "../src/protocol/generated.ts";

const HOST = "h".repeat(32);
const busy: LiveStatus = { type: "status", name: "Desk", state: "busy", running: 2, queued: 1, brain: "x" };
const following: State = { name: "following" };
const here = [{ device: HOST, looking: false }];

function status(change: Partial<Status>): Status {
  return { ...NO_STATUS, since: Date.parse("2026-03-01T12:00:00Z"), ...change };
}

const facing = { host: HOST, name: "Desk", paused: false, live: null, hostSaid: "2026-03-01T09:00:00Z" };

describe("the computer in the header", () => {
  it.each([
    [{ connection: following, present: here }, {}, "awake"],
    [{ connection: following, present: here }, { live: busy }, "busy"],
    [{ connection: following, present: here }, { paused: true }, "paused"],
    [{ connection: following, present: [] }, {}, "connecting"],
    [{ connection: following, present: [], away: true }, { live: busy }, "asleep"],
    [{ connection: { name: "offline", tries: 0 } }, {}, "unreachable"],
    [{ connection: { name: "waiting", tries: 1, seconds: 2, problem: "lost" } }, {}, "unreachable"],
    [{ connection: { name: "connecting", tries: 0 } }, {}, "connecting"],
    [{ connection: { name: "connecting", tries: 2 } }, {}, "unreachable"],
    [{ connection: { name: "replaced" } }, {}, "unreachable"],
  ] as [Partial<Status>, object, string][])("%j %j → %s", (change, seen, state) => {
    expect(header(status(change), { ...facing, ...seen }).state).toBe(state);
  });

  it("is asleep since it was last here, or else since it last said something", () => {
    const away = { connection: following, present: [], away: true };
    expect(header(status({ ...away, hostSeen: "2026-03-01T11:00:00Z" }), facing).since).toBe("2026-03-01T11:00:00Z");
    expect(header(status(away), facing).since).toBe("2026-03-01T09:00:00Z");
    expect(header(status({ ...away, present: here }), { ...facing, live: busy })).toMatchObject({ running: 2, queued: 1, since: undefined });
  });
});

describe("the hops of the diagnosis", () => {
  it("name the one that is broken, with what to do", () => {
    expect(link(status({ connection: { name: "offline", tries: 0 } }), HOST, "r")).toMatchObject({ phone: "offline", computer: "unknown" });
    const waiting = link(status({ connection: { name: "waiting", tries: 1, seconds: 2, problem: "lost" } }), HOST, "r");
    expect(waiting).toMatchObject({ phone: "online", relay: "waiting", nextTryAt: "2026-03-01T12:00:02.000Z", problem: undefined });
    const refused = link(status({ connection: { name: "waiting", tries: 1, seconds: 2, problem: "Signed for another address." } }), HOST, "r");
    expect(refused).toMatchObject({ relay: "refused", problem: "Signed for another address." });
    expect(refused.remedy).toContain("deskhand doctor");
    expect(link(status({ connection: following, present: [] }), HOST, "r")).toMatchObject({ relay: "connected", computer: "away" });
    expect(link(status({ connection: { name: "replaced" } }), HOST, "r").relay).toBe("elsewhere");
  });

  it("warn of a clock that is off by more than two minutes", () => {
    expect(link(status({ clockOffS: 121 }), HOST, "r").clockOffS).toBe(121);
    expect(link(status({ clockOffS: -120 }), HOST, "r").clockOffS).toBeUndefined();
  });
});

describe("search and activity", () => {
  function entry(seq: number, said: string, body: object): Stored {
    const whole = { id: String(seq).padStart(32, "0"), ...body } as Body;
    return { seq, sealed: "", at: said, head: "", kind: whole.type, device: HOST, n: seq, said, body: whole };
  }
  const usage = (usd: number | null) => ({ input_tokens: 0, output_tokens: 0, usd, seconds: 0 });
  const created = (seq: number, said: string, task: string) => entry(seq, said, { type: "task.created", task, kind: "work", title: task, brief: "", in_reply_to: "" });
  const result = (seq: number, said: string, task: string, usd: number | null) => entry(seq, said, { type: "result", task, in_reply_to: "", text: "", seconds: 2, usage: usage(usd) });

  it("finds a text whatever its case, and marks the place in the excerpt", () => {
    const found = hit(entry(1, "", { type: "reply", in_reply_to: "", text: `${"x ".repeat(200)}The Airline is Aeroflot` }), "airline");
    expect(found?.excerpt.slice(found.start, found.end)).toBe("Airline");
    expect(hit(entry(1, "", { type: "reply", in_reply_to: "", text: "nothing" }), "airline")).toBeNull();
    expect(hit(entry(1, "", { type: "reply", in_reply_to: "", text: "nothing" }), "")).toBeNull();
  });

  it("finds a file by its name, and nothing in what could not be verified", () => {
    const file = { name: "Invoice.pdf", bytes: 1, sha256: "", mime: "" };
    expect(hit(entry(1, "", { type: "message", text: "see", files: [file] }), "invoice")?.kind).toBe("message");
    expect(hit({ seq: 1, sealed: "", at: "", head: "", kind: "void", reason: "invoice" }, "invoice")).toBeNull();
  });

  it("sums the known prices of each day", () => {
    const days = activityOf([
      created(1, "2026-03-01T12:00:00Z", "a"), result(2, "2026-03-01T12:01:00Z", "a", 0.25),
      created(3, "2026-03-01T12:02:00Z", "b"), result(4, "2026-03-01T12:03:00Z", "b", null),
      created(5, "2026-03-03T12:00:00Z", "c"),
    ]);
    expect(days.map((day) => [day.usd, day.tasks.map((task) => [task.task, task.state])])).toEqual([
      [null, [["c", "queued"]]],
      [0.25, [["b", "done"], ["a", "done"]]],
    ]);
  });
});
