/** Older pages: from this device where it holds them, else from the relay, verified before they are kept. */
import { gather, merge } from "../core/facts.ts";
import type { Stored } from "../core/records.ts";
import { readPast } from "../protocol/history.ts";
import type { Api } from "./api.ts";
import type { Kv, Loaded } from "./kv.ts";
import { record, rosterDevice } from "./records.ts";

export const PAGE_ENTRIES = 80;

/** Fetch the page below what this device holds, verify it and keep it. False where the thread begins there. */
export async function fetchOlder(kv: Kv, api: Api): Promise<boolean> {
  return navigator.locks.request("deskhand-past", async () => {
    const loaded = await kv.load();
    if (loaded === null || loaded.past.before <= 1) return false;
    await keepOlder(kv, api, loaded);
    return true;
  });
}

async function keepOlder(kv: Kv, api: Api, { known, past, pastFacts }: Loaded): Promise<void> {
  const answer = await api.entriesBefore(past.before, PAGE_ENTRIES);
  const page = await readPast(known, past, answer.first, answer.prev, answer.items.map((item) => item.sealed));
  const entries: Stored[] = await Promise.all(
    page.entries.map((entry, index) => record(entry.seq, entry.sealed, answer.items[index]?.at ?? "", entry.head, entry.verdict)),
  );
  const isHost = (device: string) => known.members[device]?.role === "host";
  const facts = merge(gather(entries, isHost, rosterDevice), pastFacts);
  await kv.prepend(entries, page.cursor, facts, page.repeated);
}
