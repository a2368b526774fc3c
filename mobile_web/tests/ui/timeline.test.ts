import { expect, test } from "vitest";

import { byDay, heldBack, newest } from "../../src/ui/timeline.ts";
import { asleep, working } from "./samples.ts";

test("entries stand under their day, in order, none lost", () => {
  const groups = byDay(asleep);
  expect(groups.map((group) => group.day?.date)).toEqual(["2026-11-11", "2026-11-12"]);
  expect(groups.flatMap((group) => group.entries.map(({ item }) => item.key))).toEqual(asleep.filter((item) => item.type !== "day").map((item) => item.key));
});

test("entries before the first known day have a group without a day", () => {
  expect(byDay(working.slice(1, 3))[0]?.day).toBeNull();
});

test("what follows a message stands near it", () => {
  const [group] = byDay(working);
  expect(group?.entries.slice(0, 3).map(({ near }) => near)).toEqual([false, true, false]);
});

test("while reading further up, what is new waits below and is counted without its day", () => {
  const seen = working[5]?.key ?? "";
  const day = { type: "day", key: "d9", date: "2026-11-13" } as const;
  const { shown, waiting } = heldBack([...working.slice(0, 6), day, ...working.slice(6, 8)], seen);
  expect(shown).toEqual(working.slice(0, 6));
  expect(waiting).toBe(2);
});

test("at the end, or when what was seen last is gone, everything is drawn", () => {
  expect(heldBack(working, null)).toEqual({ shown: working, waiting: 0 });
  expect(heldBack(working, "not there")).toEqual({ shown: working, waiting: 0 });
});

test("the newest entry is not a day", () => {
  expect(newest([...working, { type: "day", key: "d9", date: "2026-11-13" }])).toBe(working.at(-1)?.key);
  expect(newest([])).toBeNull();
});
