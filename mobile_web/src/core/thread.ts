/**
 * The thread as it is shown: verified entries, what still waits on this phone, and what is live, in one list.
 * Pure: the same input gives equal items, and items equal to the ones before keep their identity.
 */
import type { Answer, Ask, Message } from "../protocol/generated.ts";
import type {
  AskItem, AskScope, DayItem, DeviceItem, Item, MessageItem, NoticeItem, ReplyItem, ResultItem, StepLine, TaskItem, VoidItem,
} from "../state/view.ts";
import { ENDED, type Facts, type OpenAsk } from "./facts.ts";
import { fileViews, viewsOf } from "./files.ts";
import type { LiveState } from "./live.ts";
import type { Outbox, OutboxItem } from "./outbox.ts";
import { read, type Reading } from "./reading.ts";
import { NOT_STARTED, receiptOf } from "./receipts.ts";
import { type Genuine, isGenuine, type Stored } from "./records.ts";
import { kept } from "./same.ts";

export interface Here {
  readonly me: string;
  readonly host: string;
  readonly scopes: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly facts: Facts;
  readonly dropped: ReadonlySet<string>;
  /** The computer is known to be away. */
  readonly away: boolean;
  readonly frozen: boolean;
  /** 0–100 by body id, for messages whose files are on their way. */
  readonly uploads: ReadonlyMap<string, number>;
}

export interface Shown {
  readonly entries: readonly Stored[];
  readonly outbox: Outbox;
  readonly live: LiveState;
  readonly here: Here;
}

interface Scene extends Shown {
  readonly reading: Reading;
}

export function threadItems(shown: Shown, before: readonly Item[]): readonly Item[] {
  const scene: Scene = { ...shown, reading: read(shown.entries) };
  const items: Exclude<Item, DayItem>[] = [];
  const replies = new Map<string, number>();
  const above = () => items.at(-1);
  for (const entry of shown.entries) {
    const item = itemOf(scene, entry, above(), replies);
    if (item !== null) items.push(item);
  }
  const stored = new Set(shown.entries.filter(isGenuine).map((entry) => entry.body.id));
  for (const item of shown.outbox) {
    if (item.body.type === "message" && !stored.has(item.body.id)) items.push(waitingMessage(scene, item, item.body));
  }
  for (const live of shown.live.texts.values()) {
    if (live.task !== null) continue;
    const count = replies.get(live.inReplyTo) ?? 0;
    items.push(reply(scene, live.inReplyTo, count, live.text, live.at, above(), true));
  }
  return kept(withDays(items), before);
}

function itemOf(scene: Scene, entry: Stored, above: Item | undefined, replies: Map<string, number>): Exclude<Item, DayItem> | null {
  if (!isGenuine(entry)) return voidItem(entry);
  const { body, seq, said: at } = entry;
  switch (body.type) {
    case "message":
      return message(scene, entry, body);
    case "reply": {
      const count = replies.get(body.in_reply_to) ?? 0;
      replies.set(body.in_reply_to, count + 1);
      return { ...reply(scene, body.in_reply_to, count, body.text, at, above, false), seq };
    }
    case "task.created":
      return task(scene, entry);
    case "ask":
      return askItem({ seq, at, hash: entry.askHash ?? "", body }, scene);
    case "result":
      return result(scene, entry, above);
    case "notice":
      return { type: "notice", key: `seq:${seq}`, seq, at, code: body.code, text: body.text, next: body.next } satisfies NoticeItem;
    case "device.added":
    case "device.removed":
    case "host":
      return device(entry);
    default:
      return null;
  }
}

function voidItem(entry: Exclude<Stored, Genuine>): VoidItem {
  const kind = entry.kind === "newer" ? "newer" : "unverified";
  return { type: "void", key: `seq:${entry.seq}`, seq: entry.seq, kind, at: entry.at, reason: entry.kind === "void" ? entry.reason : "" };
}

function device(entry: Genuine): DeviceItem {
  const { body, seq, said: at } = entry;
  const change = body.type === "device.added" ? "added" : body.type === "device.removed" ? "removed" : "computer";
  const name = body.type === "device.added" || body.type === "host" ? (body.name ?? "") : "";
  return { type: "device", key: `seq:${seq}`, seq, at, change, name };
}

/** The time at which a message drops out unread. */
function expiry(at: string, seconds: number): string {
  const start = Date.parse(at);
  return Number.isNaN(start) ? at : new Date(Math.min(start + seconds * 1000, 8.64e15)).toISOString();
}

function message(scene: Scene, entry: Genuine, body: Message): MessageItem {
  const { here, reading } = scene;
  const edit = reading.edits.get(body.id);
  const waiting = scene.outbox.find((item) => item.body.type !== "message" && "target" in item.body && item.body.target === body.id);
  const waitingEdit = waiting?.body.type === "edit" ? waiting.body : undefined;
  const viaTerminal = body.via === "terminal";
  const receipt = receiptOf(reading.receipts.get(body.id), here.away);
  const open = NOT_STARTED.has(receipt.kind) && !reading.cancels.has(body.id) && waiting?.body.type !== "cancel";
  const mayWrite = here.scopes.includes("write") && !here.frozen;
  const mine = entry.device === here.me;
  const files = (waitingEdit ?? edit?.body)?.files ?? body.files;
  return {
    type: "message",
    key: `body:${body.id}`,
    id: body.id,
    seq: entry.seq,
    at: entry.said,
    text: waitingEdit?.text ?? edit?.body.text ?? body.text,
    files: fileViews(files, { id: body.id, seq: entry.seq, at: entry.said }, here.dropped),
    mine,
    from: viaTerminal ? "terminal" : (here.names[entry.device] ?? ""),
    viaTerminal,
    edited: edit !== undefined || waitingEdit !== undefined,
    receipt,
    canCancel: open && mayWrite,
    canEdit: open && mayWrite && mine,
    task: body.task ?? undefined,
    expiresAt: expiry(entry.said, body.expires_in_s ?? 0),
    sentPercent: undefined,
  };
}

function waitingMessage(scene: Scene, item: OutboxItem, body: Message): MessageItem {
  const { here, outbox } = scene;
  const early = item.state !== "sealed";
  const waiting = outbox.find((other) => "target" in other.body && other.body.target === body.id);
  const open = waiting?.body.type !== "cancel" && !here.frozen;
  const kind = item.state === "refused" ? "refused" : item.state === "sealed" && item.acked ? (here.away ? "waiting" : "relay") : "on_phone";
  return {
    type: "message",
    key: `body:${body.id}`,
    id: body.id,
    seq: undefined,
    at: item.at,
    text: waiting?.body.type === "edit" ? waiting.body.text : body.text,
    files: fileViews(body.files, { id: body.id, at: item.at }, here.dropped),
    mine: true,
    from: here.names[here.me] ?? "",
    viaTerminal: false,
    edited: waiting?.body.type === "edit",
    receipt: { kind, at: item.at, reason: item.state === "refused" ? item.reason : undefined },
    canCancel: open,
    canEdit: open,
    task: body.task ?? undefined,
    expiresAt: expiry(item.at, body.expires_in_s ?? 0),
    sentPercent: early && body.files !== undefined && body.files.length > 0 ? (here.uploads.get(body.id) ?? 0) : undefined,
  };
}

const QUOTE_CHARS = 120;

/** The first line of what is answered, unless it stands just above. */
function quote(scene: Scene, id: string, above: Item | undefined): string | undefined {
  if (above !== undefined && (("id" in above && above.id === id) || ("inReplyTo" in above && above.inReplyTo === id))) return undefined;
  const text = scene.reading.texts.get(id)?.trim().split("\n", 1)[0];
  return text === undefined || text === "" ? undefined : Array.from(text).slice(0, QUOTE_CHARS).join("");
}

function reply(
  scene: Scene, inReplyTo: string, count: number, text: string, at: string, above: Item | undefined, streaming: boolean,
): ReplyItem {
  return { type: "reply", key: `reply:${inReplyTo}:${count}`, seq: undefined, at, inReplyTo, quoted: quote(scene, inReplyTo, above), text, streaming };
}

function task(scene: Scene, entry: Genuine): TaskItem | null {
  const { body } = entry;
  if (body.type !== "task.created") return null;
  const { reading, live, here } = scene;
  const known = reading.tasks.get(body.task);
  const state = known?.state ?? "queued";
  const steps: readonly StepLine[] = (live.steps.get(body.task) ?? []).map(({ step, tool, title, state: how, detail }) => ({ step, tool, title, state: how, detail: detail ?? undefined }));
  const running = state === "running";
  const stopping = scene.outbox.some((item) => item.body.type === "stop" && (item.body.task === body.task || item.body.all === true));
  const result = known?.result;
  return {
    type: "task",
    key: `task:${body.task}`,
    seq: entry.seq,
    at: entry.said,
    task: body.task,
    title: body.title,
    brief: body.brief,
    kind: body.kind,
    state,
    reason: known?.reason,
    plan: known?.plan ?? [],
    currentStep: running ? (steps.findLast((step) => step.state === "running")?.title ?? known?.plan?.find((step) => step.state === "now")?.text) : undefined,
    steps,
    liveText: [...live.texts.values()].find((text) => text.task === body.task)?.text,
    startedAt: known?.startedAt,
    endedAt: known?.endedAt,
    seconds: result?.body.seconds,
    usd: result?.body.usage.usd,
    inReplyTo: body.in_reply_to,
    fromSchedule: typeof body.schedule === "string",
    canStop: !ENDED.has(state) && !stopping && here.scopes.includes("write") && !here.frozen,
    resultKey: result === undefined ? undefined : `seq:${result.seq}`,
    openAsks: here.facts.asks.filter((ask) => ask.body.task === body.task).length,
  };
}

type AskScene = Pick<Scene, "outbox" | "here"> & { readonly reading?: Reading };

/** An ask as it stands; `reading` where answers after it may be known. */
export function askItem(ask: OpenAsk, scene: AskScene): AskItem {
  const { body, seq, at } = ask;
  const { here, reading } = scene;
  const sent = scene.outbox.find((item) => item.body.type === "answer" && item.body.ask_seq === seq);
  const own = sent?.state !== "refused" && sent?.body.type === "answer" ? sent.body : undefined;
  const answer = reading?.answers.get(seq);
  const closed = reading?.closed.get(seq);
  const state = closed !== undefined && closed.body.reason !== "answered" ? closed.body.reason
    : answer !== undefined || closed !== undefined ? "answered" : own !== undefined ? "sending" : "open";
  const verdict: Answer | undefined = answer?.body ?? own;
  return {
    type: "ask",
    key: `seq:${seq}`,
    seq,
    at,
    task: body.task,
    taskTitle: reading?.tasks.get(body.task)?.title ?? here.facts.tasks[body.task]?.title,
    kind: body.kind,
    level: body.level,
    action: action(body.action),
    reversible: body.reversible,
    choices: body.choices ?? [],
    scopes: body.kind === "approval" ? ((body.scopes?.length ?? 0) > 0 ? (body.scopes as readonly AskScope[]) : ["once"]) : [],
    state,
    verdict: verdict?.verdict,
    verdictText: verdict?.text ?? verdict?.reason ?? undefined,
    answeredBy: answer === undefined ? undefined : answer.body.via === "terminal" ? "terminal" : here.names[answer.device],
    canAnswer: state === "open" && here.scopes.includes("approve") && !here.frozen,
  };
}

function action(given: Ask["action"]): AskItem["action"] {
  const { title, tool, argv = [], folder, reads = [], writes = [], hosts = [], changes = [] } = given;
  const lines = changes.map(({ op, before, after }) => ({ op, before: before ?? undefined, after: after ?? undefined }));
  return { title, tool, argv, folder: folder ?? undefined, reads, writes, hosts, changes: lines };
}

function result(scene: Scene, entry: Genuine, above: Item | undefined): ResultItem | null {
  const { body } = entry;
  if (body.type !== "result") return null;
  const { reading, here, outbox } = scene;
  const undone = reading.undone.get(body.task);
  const asked = reading.undoAsked.get(body.task);
  const refused = asked === undefined ? undefined : reading.receipts.get(asked);
  const sending = outbox.some((item) => item.body.type === "request.undo" && item.body.task === body.task);
  const undo = undone !== undefined ? "done"
    : refused?.body.kind === "refused" || refused?.body.kind === "failed" ? "refused"
    : asked !== undefined || sending ? "asked"
    : (body.undo?.changes ?? 0) > 0 ? "offered" : "none";
  const { usage } = body;
  return {
    type: "result",
    key: `seq:${entry.seq}`,
    seq: entry.seq,
    at: entry.said,
    task: body.task,
    taskTitle: reading.tasks.get(body.task)?.title ?? here.facts.tasks[body.task]?.title,
    inReplyTo: body.in_reply_to,
    quoted: quote(scene, body.in_reply_to, above),
    text: body.text,
    files: viewsOf(entry, here.dropped),
    notDone: body.not_done ?? [],
    undo,
    undoChanges: body.undo?.changes,
    undoUntil: body.undo?.until,
    undoRestored: undone?.body.restored,
    undoRefused: undone?.body.refused ?? (refused?.body.reason == null ? undefined : [refused.body.reason]),
    seconds: body.seconds,
    usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens, usd: usage.usd ?? null, seconds: usage.seconds },
    hasSteps: body.steps_blob != null,
  };
}

/** A line above the first item of each local day. Clocks that run back make no new line. */
function withDays(items: readonly Exclude<Item, DayItem>[]): Item[] {
  let last = "";
  return items.flatMap((item): Item[] => {
    const date = item.at === undefined ? "" : localDate(item.at);
    if (date <= last) return [item];
    last = date;
    return [{ type: "day", key: `day:${date}`, date }, item];
  });
}

/** YYYY-MM-DD in the device's own zone; empty for what is no time. */
export function localDate(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
