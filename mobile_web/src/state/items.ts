/** The items of the thread as they are shown. Part of `view.ts`, which is where to import them from. */
export type ReceiptKind =
  | "on_phone" // ◔ stored on this device only
  | "relay" // ✓ the relay has it, committed
  | "computer" // ✓✓ the computer has verified and stored it
  | "waiting" // at the relay, and the computer is away: runs when it wakes
  | "working" // ● under way
  | "answered"
  | "failed"
  | "stopped"
  | "expired"
  | "cancelled"
  | "refused";

export interface Receipt {
  readonly kind: ReceiptKind;
  readonly at?: string;
  /** The computer's (or relay's) own words: why it failed or was refused, and what to do. */
  readonly reason?: string;
}

export type FileAvailability =
  | "relay" // sealed at the relay: `openFile` fetches it
  | "computer" // only on the computer: `openFile` asks for it first
  | "gone" // no longer at the relay
  | "sending"; // an attachment of this phone, not yet at the relay

export interface FileView {
  /** Unique in the thread. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly mime: string;
  readonly sha256: string;
  readonly availability: FileAvailability;
  /** Where it lies on the computer, if it said so. */
  readonly path?: string;
  readonly hasPreview: boolean;
  /** The entry that carries it, and when. */
  readonly seq?: number;
  readonly at?: string;
}

export interface MessageItem {
  readonly type: "message";
  readonly key: string;
  /** Body id; the target of `cancel` and `edit`. */
  readonly id: string;
  /** Absent while it is only on this phone. */
  readonly seq?: number;
  readonly at: string;
  readonly text: string;
  readonly files: readonly FileView[];
  /** Written on this device. */
  readonly mine: boolean;
  /** Name of the device that wrote it; "terminal" typed at the computer. */
  readonly from: string;
  readonly viaTerminal: boolean;
  readonly edited: boolean;
  readonly receipt: Receipt;
  readonly canCancel: boolean;
  readonly canEdit: boolean;
  /** The task it steers, if it was written to one. */
  readonly task?: string;
  /** Drops out unread at this time if nothing has started it. */
  readonly expiresAt: string;
  /** 0–100 while its files are on their way to the relay. */
  readonly sentPercent?: number;
}

export interface ReplyItem {
  readonly type: "reply";
  readonly key: string;
  readonly seq?: number;
  readonly at: string;
  readonly inReplyTo: string;
  /** First line of what it answers, set only where that is not the item just above. */
  readonly quoted?: string;
  /** Markdown. */
  readonly text: string;
  readonly streaming: boolean;
}

export type TaskState = "queued" | "running" | "waiting" | "done" | "failed" | "stopped" | "expired" | "in_doubt";

export interface PlanLine {
  readonly text: string;
  readonly state: "todo" | "now" | "done" | "skipped";
}

export interface StepLine {
  readonly step: string;
  readonly tool: string;
  readonly title: string;
  readonly state: "running" | "ok" | "failed";
  /** Input and output as far as they were sent; `loadSteps` brings them whole. */
  readonly detail?: string;
}

export interface TaskItem {
  readonly type: "task";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly task: string;
  readonly title: string;
  readonly brief: string;
  readonly kind: "work" | "code";
  readonly state: TaskState;
  readonly reason?: string;
  readonly plan: readonly PlanLine[];
  /** What it does right now, in a few words. */
  readonly currentStep?: string;
  readonly steps: readonly StepLine[];
  /** Text the brain is writing for this task right now (Markdown). */
  readonly liveText?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly seconds?: number;
  /** null: no price is known. */
  readonly usd?: number | null;
  readonly inReplyTo: string;
  readonly fromSchedule: boolean;
  readonly canStop: boolean;
  /** The result is an item of its own, further down. */
  readonly resultKey?: string;
  readonly openAsks: number;
}

export type AskState = "open" | "sending" | "answered" | "changed" | "withdrawn";
export type AskScope = "once" | "task" | "always";
export type AskVerdict = "approve" | "deny" | "text" | "check" | "again" | "skip";

export interface ActionChange {
  readonly op: "add" | "remove" | "change" | "move";
  readonly before?: string;
  readonly after?: string;
}

export interface ActionView {
  readonly title: string;
  readonly tool: string;
  readonly argv: readonly string[];
  readonly folder?: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly hosts: readonly string[];
  readonly changes: readonly ActionChange[];
}

export interface AskItem {
  readonly type: "ask";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly task: string;
  readonly taskTitle?: string;
  readonly kind: "approval" | "question" | "in_doubt";
  readonly level: number;
  readonly action: ActionView;
  readonly reversible: boolean;
  readonly choices: readonly string[];
  /** What the approval may cover; the first is the default. Empty for questions. */
  readonly scopes: readonly AskScope[];
  readonly state: AskState;
  readonly verdict?: AskVerdict;
  readonly verdictText?: string;
  /** Name of the device that answered. */
  readonly answeredBy?: string;
  /** This device may answer (it has the scope `approve`, and the thread is not frozen). */
  readonly canAnswer: boolean;
}

export interface UsageView {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number | null;
  readonly seconds: number;
}

export interface ResultItem {
  readonly type: "result";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly task: string;
  readonly taskTitle?: string;
  readonly inReplyTo: string;
  /** Set only where the message is not near. */
  readonly quoted?: string;
  /** Markdown. */
  readonly text: string;
  readonly files: readonly FileView[];
  readonly notDone: readonly string[];
  /** `offered`: `undo(task)` takes back `undoChanges` changes until `undoUntil`. */
  readonly undo: "none" | "offered" | "asked" | "done" | "refused";
  readonly undoChanges?: number;
  readonly undoUntil?: string;
  readonly undoRestored?: readonly string[];
  readonly undoRefused?: readonly string[];
  readonly seconds: number;
  readonly usage: UsageView;
  readonly hasSteps: boolean;
}

export interface NoticeItem {
  readonly type: "notice";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly code: string;
  readonly text: string;
  /** What to do next. */
  readonly next: string;
}

export interface DeviceItem {
  readonly type: "device";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly change: "added" | "removed" | "computer";
  readonly name: string;
}

export interface VoidItem {
  readonly type: "void";
  readonly key: string;
  readonly seq: number;
  /** `unverified`: "could not be verified". `newer`: "made by a newer version". `set_aside`: after a checkpoint. */
  readonly kind: "unverified" | "newer" | "set_aside";
  readonly at?: string;
  readonly reason: string;
}

/** Stands above the first item of a local calendar day. `date` is YYYY-MM-DD in the device's own zone. */
export interface DayItem {
  readonly type: "day";
  readonly key: string;
  readonly date: string;
}

export type Item =
  | MessageItem
  | ReplyItem
  | TaskItem
  | AskItem
  | ResultItem
  | NoticeItem
  | DeviceItem
  | VoidItem
  | DayItem;

/** `items` are oldest first. `start`: the top is the beginning of the thread. */
export interface ThreadView {
  readonly items: readonly Item[];
  readonly older: "more" | "loading" | "start" | "failed";
  /** With `failed`: what is wrong and what to do. */
  readonly olderProblem?: string;
  /** False until the first page is read from this device: show nothing rather than "empty". */
  readonly ready: boolean;
}
