import { describe, expect, it } from "vitest";

import { type Effect, type Event, START, type State, step } from "../src/core/connection.ts";

const STATES: readonly State[] = [
  START,
  { name: "offline", tries: 0 },
  { name: "waiting", tries: 1, seconds: 1, problem: "unreachable" },
  { name: "connecting", tries: 1 },
  { name: "greeting", tries: 1 },
  { name: "following" },
  { name: "replaced" },
  { name: "denied" },
];

const EVENTS: readonly Event[] = [
  { type: "start", online: true },
  { type: "start", online: false },
  { type: "stop" },
  { type: "online" },
  { type: "offline" },
  { type: "retry" },
  { type: "timer" },
  { type: "challenge", nonce: "n" },
  { type: "welcome" },
  { type: "refused", problem: "This relay does not know this device.", chance: 0 },
  { type: "closed", code: 1006, chance: 0 },
  { type: "closed", code: 4409, chance: 0 },
  { type: "closed", code: 4403, chance: 0 },
];

/** Where each event leads from each state; "-" is where it changes nothing. Rows are events, columns states as above. */
const TABLE: Readonly<Record<string, string>> = {
  //                stopped    offline    waiting    connecting greeting   following  replaced   denied
  "start online":  "connecting -          -          -          -          -          -          -",
  "start offline": "offline    -          -          -          -          -          -          -",
  "stop":          "stopped    stopped    stopped    stopped    stopped    stopped    stopped    stopped",
  "online":        "-          connecting connecting -          -          -          -          -",
  "offline":       "-          offline    offline    offline    offline    offline    -          -",
  "retry":         "-          -          connecting -          -          -          connecting connecting",
  "timer":         "-          -          connecting waiting    waiting    -          -          -",
  "challenge":     "-          -          -          greeting   -          -          -          -",
  "welcome":       "-          -          -          -          following  -          -          -",
  "refused":       "-          -          -          waiting    waiting    waiting    -          -",
  "closed 1006":   "-          -          -          waiting    waiting    waiting    -          -",
  "closed 4409":   "-          -          -          replaced   replaced   replaced   -          -",
  "closed 4403":   "-          -          -          denied     denied     denied     -          -",
};

const cases = Object.entries(TABLE).flatMap(([name, row], index) =>
  row.split(/\s+/).map((target, column) => ({ name, event: EVENTS[index] as Event, state: STATES[column] as State, target })));

describe("every event in every state", () => {
  it.each(cases)("$state.name on $name → $target", ({ event, state, target }) => {
    const [after, effects] = step(state, event);
    if (target === "-") {
      expect(after).toBe(state);
      expect(effects).toEqual([]);
    } else expect(after.name).toBe(target);
  });

  it.each(cases)("$state.name on $name holds a socket exactly where it says so", ({ event, state }) => {
    const holds = (one: State) => ["connecting", "greeting", "following"].includes(one.name);
    const [after, effects] = step(state, event);
    const opened = effects.some((effect) => effect.type === "open");
    const closed = effects.some((effect) => effect.type === "close");
    if (!holds(state) && holds(after)) expect(opened).toBe(true);
    if (holds(state) && !holds(after)) expect(closed || event.type === "closed").toBe(true);
    if (opened) expect(holds(after)).toBe(true);
  });

  it.each(cases)("$state.name on $name leaves a timer where something is waited for", ({ event, state }) => {
    const [after, effects] = step(state, event);
    const timers = effects.filter((effect): effect is Extract<Effect, { type: "timer" | "no_timer" }> => effect.type === "timer" || effect.type === "no_timer");
    if (after !== state && (after.name === "waiting" || after.name === "connecting")) expect(timers.at(-1)?.type).toBe("timer");
    if (state.name === "waiting" && after.name !== "waiting" && after.name !== "connecting") expect(timers.at(-1)?.type).toBe("no_timer");
  });
});

describe("trying again", () => {
  function waits(chance: number, count: number): number[] {
    let state: State = step(START, { type: "start", online: true })[0];
    return Array.from({ length: count }, () => {
      const [waiting, effects] = step(state, { type: "closed", code: 1006, chance });
      const timer = effects.find((effect) => effect.type === "timer");
      state = step(waiting, { type: "timer" })[0];
      return timer?.type === "timer" ? timer.seconds : 0;
    });
  }

  it("waits longer each time, up to a minute, and never less than half of that", () => {
    expect(waits(0, 9)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(waits(0.999, 9).map(Math.round)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it("begins anew after a connection that worked", () => {
    const [state] = step({ name: "following" }, { type: "closed", code: 1006, chance: 0 });
    expect(state).toMatchObject({ name: "waiting", tries: 1, problem: "lost" });
  });

  it("keeps the relay's own words where it refuses the hello, and does not hammer it", () => {
    const [state] = step({ name: "greeting", tries: 0 }, { type: "refused", problem: "Signed for another address.", chance: 0 });
    expect(state).toMatchObject({ name: "waiting", problem: "Signed for another address.", seconds: 16 });
  });
});
