import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { countdown, dayTitle, hours, money, percent, size, span, when } from "../../src/ui/format.ts";

const NOW = new Date("2026-11-12T15:00:00");

beforeEach(() => {
  vi.stubGlobal("navigator", { languages: ["de-DE", "en-GB"] });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("today needs no date, another day has one, another year too", () => {
  expect(when(new Date("2026-11-12T14:02:00").toISOString(), NOW)).toBe("14:02");
  expect(when(new Date("2026-11-11T14:02:00").toISOString(), NOW)).toBe("11 Nov, 14:02");
  expect(when(new Date("2025-11-11T14:02:00").toISOString(), NOW)).toContain("2025");
});

test("a day is named in the page's language and the reader's region", () => {
  expect(dayTitle("2026-11-12", NOW)).toBe("Thursday 12 November");
  expect(dayTitle("2025-12-31", NOW)).toContain("2025");
});

test.each([[0, "0s"], [33, "33s"], [252, "4m 12s"], [7500, "2h 5m"], [172_800, "2 days"], [-5, "0s"]])("%d s is %s", (seconds, shown) => {
  expect(span(seconds)).toBe(shown);
});

test("lengths of time to choose from", () => {
  expect([3600, 72 * 3600, 7 * 86_400].map(hours)).toEqual(["1 hr", "72 hrs", "7 days"]);
});

test("a countdown stops at zero", () => {
  const end = new Date(NOW.getTime() + 521_000).toISOString();
  expect(countdown(end, NOW.getTime())).toBe("8:41");
  expect(countdown(end, NOW.getTime() + 600_000)).toBe("0:00");
});

test("sizes, money and shares", () => {
  expect([12, 12_040, 2_100_000, 3.2e9].map(size)).toEqual(["12 byte", "12 kB", "2.1 MB", "3.2 GB"]);
  expect([0, 0.14, 0.0042, 12.5].map(money)).toEqual(["$0.00", "$0.14", "$0.0042", "$12.50"]);
  expect(percent(62)).toBe("62%");
});
