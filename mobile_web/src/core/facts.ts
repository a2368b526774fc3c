/**
 * What the thread adds up to, wherever it was said: open asks, unfinished tasks, the latest memory, settings and so on.
 *
 * `factsOf` reads one entry and `merge(older, newer)` joins two stretches of the thread that lie side by side. Merging is
 * associative, so the facts grow downwards as entries arrive and upwards as old pages are read.
 */
import type { Ask, Grants, Memory, Schedule, Settings } from "../protocol/generated.ts";
import { type Genuine, isGenuine, type Stored } from "./records.ts";

export type TaskState = "queued" | "running" | "waiting" | "done" | "failed" | "stopped" | "expired" | "in_doubt";

export const ENDED: ReadonlySet<TaskState> = new Set(["done", "failed", "stopped", "expired"]);

export interface TaskFact {
  readonly title?: string;
  readonly seq?: number;
  readonly at?: string;
  readonly state?: TaskState;
}

export interface OpenAsk {
  readonly seq: number;
  readonly at: string;
  readonly hash: string;
  readonly body: Ask;
}

export interface Facts {
  readonly hostName: string | null;
  /** When the computer last said something. */
  readonly hostSaid: string | null;
  readonly names: Readonly<Record<string, string>>;
  readonly asks: readonly OpenAsk[];
  /** Asks closed here whose ask stands further up. */
  readonly closed: readonly number[];
  /** Answers given here to asks further up, by ask: which ask they mean. */
  readonly answered: Readonly<Record<number, string>>;
  readonly tasks: Readonly<Record<string, TaskFact>>;
  readonly memory: Memory | null;
  readonly settings: Settings | null;
  readonly grants: Grants | null;
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly paused: boolean | null;
  readonly dropped: readonly string[];
}

export const NO_FACTS: Facts = {
  hostName: null, hostSaid: null, names: {}, asks: [], closed: [], answered: {}, tasks: {}, memory: null, settings: null, grants: null,
  schedules: {}, paused: null, dropped: [],
};

/** What one entry says. `rosterDevice`: the device that a `device.added` names. */
export function factsOf(entry: Stored, isHost: boolean, rosterDevice?: string): Facts {
  if (!isGenuine(entry)) return NO_FACTS;
  const facts = said(entry, rosterDevice);
  return isHost ? { ...facts, hostSaid: entry.said } : facts;
}

function said(entry: Genuine, rosterDevice?: string): Facts {
  const { body, seq, said: at } = entry;
  switch (body.type) {
    case "host":
      return { ...NO_FACTS, hostName: body.name || null };
    case "device.added":
      return rosterDevice === undefined ? NO_FACTS : { ...NO_FACTS, names: { [rosterDevice]: body.name } };
    case "ask":
      return { ...NO_FACTS, asks: [{ seq, at, hash: entry.askHash ?? "", body }] };
    case "ask.closed":
      return { ...NO_FACTS, closed: [body.ask_seq] };
    case "answer":
      return { ...NO_FACTS, answered: { [body.ask_seq]: body.ask_hash } };
    case "task.created":
      return { ...NO_FACTS, tasks: { [body.task]: { title: body.title, seq, at, state: "queued" } } };
    case "task.state":
      return { ...NO_FACTS, tasks: { [body.task]: { state: body.state } } };
    case "result":
      return { ...NO_FACTS, tasks: { [body.task]: { state: "done" } } };
    case "memory":
      return { ...NO_FACTS, memory: body };
    case "settings":
      return { ...NO_FACTS, settings: body };
    case "grants":
      return { ...NO_FACTS, grants: body };
    case "schedule":
      return { ...NO_FACTS, schedules: { [body.schedule]: body } };
    case "pause":
      return { ...NO_FACTS, paused: body.on };
    case "blob.dropped":
      return { ...NO_FACTS, dropped: body.blobs };
    default:
      return NO_FACTS;
  }
}

/** The facts of two stretches, `older` just before `newer`. */
export function merge(older: Facts, newer: Facts): Facts {
  if (newer === NO_FACTS) return older;
  if (older === NO_FACTS) return newer;
  const isOpen = (ask: OpenAsk) => !newer.closed.includes(ask.seq) && newer.answered[ask.seq] !== ask.hash;
  const first = newer.asks[0]?.seq ?? Infinity;
  return {
    hostName: newer.hostName ?? older.hostName,
    hostSaid: newer.hostSaid ?? older.hostSaid,
    names: { ...older.names, ...newer.names },
    asks: [...older.asks.filter(isOpen), ...newer.asks],
    closed: older.closed.concat(newer.closed.filter((seq) => seq < first && !older.asks.some((ask) => ask.seq === seq))),
    answered: { ...unmatched(newer.answered, older.asks), ...older.answered },
    tasks: mergeTasks(older.tasks, newer.tasks),
    memory: newer.memory ?? older.memory,
    settings: newer.settings ?? older.settings,
    grants: newer.grants ?? older.grants,
    schedules: { ...older.schedules, ...newer.schedules },
    paused: newer.paused ?? older.paused,
    dropped: newer.dropped.length === 0 ? older.dropped : [...older.dropped, ...newer.dropped],
  };
}

function unmatched(answered: Facts["answered"], asks: readonly OpenAsk[]): Facts["answered"] {
  const entries = Object.entries(answered).filter(([seq]) => !asks.some((ask) => ask.seq === Number(seq)));
  return Object.fromEntries(entries);
}

function mergeTasks(older: Facts["tasks"], newer: Facts["tasks"]): Facts["tasks"] {
  const names = Object.keys(newer);
  if (names.length === 0) return older;
  const tasks: Record<string, TaskFact> = { ...older };
  for (const name of names) {
    const before = tasks[name];
    const after = newer[name];
    if (after === undefined) continue;
    // A result may be followed by nothing: it ends its task unless a state says how.
    const state = after.state === "done" && before?.state !== undefined && ENDED.has(before.state) ? before.state : after.state;
    tasks[name] = { ...before, ...after, state: state ?? before?.state, title: after.title ?? before?.title, seq: after.seq ?? before?.seq, at: after.at ?? before?.at };
  }
  return pruned(tasks);
}

/** Ended tasks are remembered for their titles; not for ever. */
const MAX_ENDED_TASKS = 200;

function pruned(tasks: Record<string, TaskFact>): Facts["tasks"] {
  const ended = Object.entries(tasks).filter(([, task]) => task.state !== undefined && ENDED.has(task.state));
  if (ended.length <= MAX_ENDED_TASKS) return tasks;
  ended.sort(([, a], [, b]) => (a.seq ?? 0) - (b.seq ?? 0));
  const forgotten = new Set(ended.slice(0, ended.length - MAX_ENDED_TASKS).map(([name]) => name));
  return Object.fromEntries(Object.entries(tasks).filter(([name]) => !forgotten.has(name)));
}

/** All of a stretch at once. */
export function gather(
  entries: readonly Stored[], isHost: (device: string) => boolean, rosterDevice: (entry: Stored) => string | undefined,
): Facts {
  return entries.reduce<Facts>((facts, entry) => {
    const byHost = isGenuine(entry) && isHost(entry.device);
    return merge(facts, factsOf(entry, byHost, rosterDevice(entry)));
  }, NO_FACTS);
}
