/** Reading the kept thread for other screens: search, activity. */
import type { ActivityDay, ActivityTask, Item, SearchHit } from "../state/view.ts";
import { type Genuine, isGenuine, type Stored } from "./records.ts";
import { read } from "./reading.ts";
import { localDate } from "./thread.ts";

const EXCERPT_CHARS = 160;

/** What a person could search for in an entry. */
function textOf({ body }: Genuine): readonly [Item["type"], string] | null {
  switch (body.type) {
    case "message":
    case "edit":
      return ["message", [body.text, ...(body.files ?? []).map((file) => file.name)].join("\n")];
    case "reply":
      return ["reply", body.text];
    case "result":
      return ["result", [body.text, ...(body.not_done ?? []), ...(body.files ?? []).map((file) => file.name)].join("\n")];
    case "task.created":
      return ["task", `${body.title}\n${body.brief}`];
    case "ask":
      return ["ask", [body.action.title, ...(body.action.argv ?? [])].join("\n")];
    case "notice":
      return ["notice", body.text];
    default:
      return null;
  }
}

/** The first place where an entry says `query`, letter case aside; null where it does not. */
export function hit(entry: Stored, query: string): SearchHit | null {
  if (!isGenuine(entry) || query === "") return null;
  const found = textOf(entry);
  if (found === null) return null;
  const [kind, text] = found;
  const at = text.toLocaleLowerCase().indexOf(query.toLocaleLowerCase());
  if (at < 0) return null;
  const from = Math.max(0, at - Math.floor((EXCERPT_CHARS - query.length) / 2));
  const excerpt = text.slice(from, from + EXCERPT_CHARS).replaceAll("\n", " ");
  return { seq: entry.seq, at: entry.said, kind, excerpt, start: at - from, end: Math.min(excerpt.length, at - from + query.length) };
}

/** Tasks by local day, newest first. `entries`: those that speak of tasks, oldest first. */
export function activityOf(entries: readonly Stored[]): readonly ActivityDay[] {
  const { tasks } = read(entries);
  const days = new Map<string, ActivityTask[]>();
  for (const entry of entries) {
    if (!isGenuine(entry) || entry.body.type !== "task.created") continue;
    const { task, title } = entry.body;
    const known = tasks.get(task);
    const result = known?.result?.body;
    const date = localDate(entry.said);
    const line = { task, seq: entry.seq, title, state: known?.state ?? "queued", at: entry.said, seconds: result?.seconds, usd: result?.usage.usd };
    days.set(date, [line, ...(days.get(date) ?? [])]);
  }
  return [...days].sort(([a], [b]) => (a < b ? 1 : -1)).map(([date, lines]) => ({ date, tasks: lines, usd: sum(lines) }));
}

/** null where no price of the day is known. */
function sum(lines: readonly ActivityTask[]): number | null {
  const prices = lines.flatMap((line) => (typeof line.usd === "number" ? [line.usd] : []));
  return prices.length === 0 ? null : prices.reduce((total, usd) => total + usd, 0);
}
