import { expect, test } from "vitest";

import type { LinkView } from "../../src/state/view.ts";
import { hops } from "../../src/ui/diagnosis_screen.tsx";
import { numericColumns } from "../../src/ui/grid.tsx";
import { words } from "../../src/ui/words.ts";
import { away, fine } from "./samples.ts";

test.each<[string, Partial<LinkView>, string]>([
  ["everything works", fine, "fine fine fine"],
  ["the computer is away", away, "fine fine broken"],
  ["no network: nothing behind it is blamed", { phone: "offline", relay: "waiting", computer: "away" }, "broken unknown unknown"],
  ["the relay is being tried", { relay: "connecting", computer: "away" }, "fine busy unknown"],
  ["the relay does not answer", { relay: "waiting", computer: "away" }, "fine broken unknown"],
  ["another tab took over", { relay: "elsewhere" }, "fine broken unknown"],
  ["the relay holds entries back", { heldBack: true }, "fine broken fine"],
  ["nothing is known of the computer", { computer: "unknown" }, "fine fine unknown"],
])("diagnosis names one broken hop: %s", (_, link, expected) => {
  const { phone, relay, computer } = hops({ ...fine, ...link });
  expect([phone, relay, computer].join(" ")).toBe(expected);
});

test("columns of numbers line up at their end; text and empty columns do not", () => {
  const rows = [["Client", "Open, €", "Late", "Note"], ["Hofmann", "6,120.00", "41", ""], ["Lindenhof", "−3’300.00 €", "", ""]];
  expect([...numericColumns(rows)]).toEqual([1, 2]);
  expect(numericColumns([])).toEqual(new Set());
});

test("one and many are said differently", () => {
  const w = words.value;
  expect([w.asksWait(1), w.asksWait(3)]).toEqual(["1 ask waits for you", "3 asks wait for you"]);
  expect(w.undo(1214)).toBe("Undo 1,214 changes");
});

test("the state of the computer says since when and how much is on", () => {
  const { presence } = words.value;
  expect(presence.busy("", 1, 2)).toBe("Working · 1 task · 2 queued");
  expect(presence.asleep("14:02", 0, 0)).toBe("Asleep since 14:02");
});
