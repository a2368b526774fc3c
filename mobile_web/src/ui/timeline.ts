/** Pure arrangement of the thread's items for the screen. */
import type { DayItem, Item } from "../state/view.ts";
import type { EntryItem } from "./entry.tsx";

export interface DayGroup {
  readonly day: DayItem | null;
  readonly entries: readonly { readonly item: EntryItem; readonly near: boolean }[];
}

/** Items under the day they belong to; what answers or follows a message stands near it. */
export function byDay(items: readonly Item[]): readonly DayGroup[] {
  const groups: { day: DayItem | null; entries: { item: EntryItem; near: boolean }[] }[] = [];
  for (const item of items) {
    if (item.type === "day") {
      groups.push({ day: item, entries: [] });
      continue;
    }
    if (groups.length === 0) groups.push({ day: null, entries: [] });
    const entries = groups.at(-1)?.entries ?? [];
    entries.push({ item, near: entries.at(-1)?.item.type === "message" });
  }
  return groups;
}

/** The newest entry's key, days left aside. */
export function newest(items: readonly Item[]): string | null {
  return items.findLast((item) => item.type !== "day")?.key ?? null;
}

/**
 * What to draw while a person reads further up: nothing after `lastSeen`, and how many entries wait there.
 * Everything is drawn where `lastSeen` is null or no longer in the thread.
 */
export function heldBack(items: readonly Item[], lastSeen: string | null): { shown: readonly Item[]; waiting: number } {
  const end = lastSeen === null ? -1 : items.findIndex((item) => item.key === lastSeen);
  if (end < 0) return { shown: items, waiting: 0 };
  const rest = items.slice(end + 1);
  return { shown: items.slice(0, end + 1), waiting: rest.filter((item) => item.type !== "day").length };
}
