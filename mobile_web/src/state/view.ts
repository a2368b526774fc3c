/**
 * What the screens show. Plain, immutable data: an item that did not change keeps its identity, so a component may
 * compare by reference. `store.ts` fills it, `src/ui/` draws it, `actions.ts` is the way back.
 * Times (`at`, `since`, …) are RFC 3339 UTC. `key` is stable for the life of an item, also while it goes from
 * "on this phone" to "stored".
 */
import type { ReadonlySignal } from "@preact/signals";

// ---------------------------------------------------------------------------------------------------- the thread ---

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

// ------------------------------------------------------------------------------------------ computer, link, frozen ---

export type ComputerState = "awake" | "busy" | "paused" | "asleep" | "unreachable" | "connecting";

export interface HeaderView {
  /** The computer's name. */
  readonly name: string;
  /** `unreachable`: this phone has no way to the relay, so nothing is known. */
  readonly state: ComputerState;
  readonly since?: string;
  readonly running: number;
  readonly queued: number;
  /** Model in use, as the computer names it. */
  readonly brain?: string;
}

export type RelayState = "connected" | "connecting" | "waiting" | "elsewhere" | "refused";

/** The hops of the diagnosis screen, nearest first. */
export interface LinkView {
  readonly phone: "online" | "offline";
  /** `waiting`: for the next try. `elsewhere`: another connection of this device took over. */
  readonly relay: RelayState;
  readonly relayHost: string;
  /** When `relay` is `waiting`. */
  readonly nextTryAt?: string;
  readonly problem?: string;
  readonly remedy?: string;
  readonly computer: "present" | "away" | "unknown";
  readonly computerSeen?: string;
  /** Signed by the computer: complete as of this time. */
  readonly upToDateAt?: string;
  /** The computer is further than what the relay has shown. */
  readonly heldBack: boolean;
  /** Seconds this device's clock is ahead of the relay's, if more than two minutes. */
  readonly clockOffS?: number;
}

/** The relay broke the rules: nothing past `seq` is shown as genuine. */
export interface FrozenView {
  readonly seq: number;
  readonly reason: string;
  readonly remedy: string;
  readonly since: string;
}

/** What stops this page from working at all. Null: nothing does. */
export type Obstacle =
  | { readonly kind: "insecure"; readonly remedy: string }
  | { readonly kind: "storage"; readonly reason: string; readonly remedy: string }
  | { readonly kind: "removed"; readonly remedy: string };

// ------------------------------------------------------------------------------------------------------- pairing ---

export type PairingView =
  | { readonly step: "none" }
  | { readonly step: "connecting" } // link read; fetching the computer's key
  | { readonly step: "waiting_computer" } // offer sent; the computer must take it
  | { readonly step: "digits"; readonly digits: string; readonly expiresAt: string }
  | { readonly step: "paired"; readonly computer: string }
  | { readonly step: "failed"; readonly reason: PairingFailure; readonly remedy: string };

export type PairingFailure =
  | "bad_link" // not a pairing link, or cut short
  | "wrong_relay" // the link belongs to another address
  | "expired"
  | "used" // another device used this code
  | "refused" // the computer said no, or the digits were wrong
  | "wrong_computer" // the relay answered with another computer's key
  | "offline"
  | "unavailable"
  | "storage";

// ---------------------------------------------------------------------------------------------------------- push ---

export type PushView =
  | { readonly state: "unsupported"; readonly remedy: string }
  | { readonly state: "needs_install"; readonly remedy: string } // iOS: add to the Home Screen first
  | { readonly state: "off" }
  | { readonly state: "asking" }
  | { readonly state: "denied"; readonly remedy: string }
  | { readonly state: "failed"; readonly reason: string; readonly remedy: string }
  | {
      readonly state: "on";
      readonly quiet: QuietHours | null;
      readonly test: "none" | "sent" | "arrived" | "failed";
      readonly log: readonly PushLogLine[];
    };

/** Local times HH:MM. */
export interface QuietHours {
  readonly start: string;
  readonly end: string;
}

export interface PushLogLine {
  readonly at: string;
  readonly outcome: "accepted" | "gone" | "refused" | "unreachable" | "quiet" | "looking";
  readonly status?: number;
  readonly reason: string;
}

// ------------------------------------------------------------------------------------------------- other screens ---

export type Route =
  | { readonly screen: "thread"; readonly seq?: number }
  | { readonly screen: "ask"; readonly seq: number }
  | { readonly screen: "task"; readonly task: string }
  | { readonly screen: "files" }
  | { readonly screen: "file"; readonly file: FileView }
  | { readonly screen: "search" }
  | { readonly screen: "activity" }
  | { readonly screen: "memory" }
  | { readonly screen: "devices" }
  | { readonly screen: "settings" }
  | { readonly screen: "diagnosis" }
  | { readonly screen: "pairing" };

export interface DeviceView {
  readonly id: string;
  readonly name: string;
  readonly role: "host" | "client";
  readonly mine: boolean;
  readonly scopes: readonly ("write" | "approve")[];
  readonly connected: boolean;
  readonly removing: boolean;
}

export interface ScheduleView {
  readonly schedule: string;
  readonly rule: string;
  readonly zone: string;
  readonly text: string;
  readonly next?: string;
  readonly state: "active" | "paused";
}

export interface GrantView {
  readonly grant: string;
  readonly text: string;
  readonly revoking: boolean;
}

export interface ActivityDay {
  /** YYYY-MM-DD, local. */
  readonly date: string;
  readonly tasks: readonly ActivityTask[];
  readonly usd: number | null;
}

export interface ActivityTask {
  readonly task: string;
  readonly seq: number;
  readonly title: string;
  readonly state: TaskState;
  readonly at: string;
  readonly seconds?: number;
  readonly usd?: number | null;
}

export type SettingValue = string | number | boolean | null;

/** The truth as the computer last said it. */
export interface FactsView {
  readonly devices: readonly DeviceView[];
  readonly memory: { readonly text: string; readonly sha256: string; readonly tainted: boolean; readonly saving: boolean } | null;
  readonly schedules: readonly ScheduleView[];
  readonly grants: readonly GrantView[];
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly paused: boolean;
}

export interface SearchHit {
  readonly seq: number;
  readonly at: string;
  readonly kind: Item["type"];
  /** Plain text around the hit; [start, end) of the hit in UTF-16 units. */
  readonly excerpt: string;
  readonly start: number;
  readonly end: number;
}

export type PreviewView =
  | { readonly kind: "grid"; readonly rows: readonly (readonly string[])[]; readonly totalRows?: number; readonly note?: string }
  | { readonly kind: "text" | "markdown"; readonly text: string; readonly note?: string }
  | { readonly kind: "image"; readonly url: string; readonly note?: string };

export interface OpenedFile {
  readonly file: FileView;
  /** Verified bytes; the object URL is valid until `release()`. */
  readonly blob: Blob;
  readonly url: string;
  /** Set for text and Markdown up to 1 MiB. */
  readonly text?: string;
  release(): void;
}

export interface Storage {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  readonly persisted: boolean;
}

// ------------------------------------------------------------------------------------------------------ composer ---

export interface AttachmentView {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly mime: string;
  /** `preparing`: being copied or converted. */
  readonly state: "preparing" | "ready" | "failed";
  readonly problem?: string;
  /** Object URL of an image's thumbnail. */
  readonly thumbnail?: string;
}

export interface ComposerView {
  readonly draft: string;
  readonly attachments: readonly AttachmentView[];
  readonly canSend: boolean;
  /** This device may write (scope `write`). */
  readonly canWrite: boolean;
  /** Set while a message is being edited: `send` replaces it. */
  readonly editing?: { readonly id: string };
  /** Set while writing to one running task: `send` steers it. */
  readonly task?: { readonly task: string; readonly title: string };
  readonly expiresInS: number;
}

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "zh" | "ar";

export interface Preferences {
  readonly theme: Theme;
  /** null: the browser's. */
  readonly language: Language | null;
}

/** A passing word to the person (a toast), with an action where there is one to take. */
export interface Word {
  readonly id: number;
  readonly code: "copied" | "offline_saved" | "file_failed" | "refused" | "update_ready" | "too_many_files" | "storage_full" | "busy";
  readonly text?: string;
}

/** `TrustedHTML` where the browser has it: made for `dangerouslySetInnerHTML={markup}`. */
export interface Markup {
  readonly __html: string;
}

/**
 * Sanitised Markdown. Links carry `rel` and `title`=host. A remote image is
 * `<button type="button" class="remote-image" data-src="https://…" data-host="…">alt</button>`: on a tap the screen
 * puts an `<img>` in its place.
 */
export type RenderMarkdown = (text: string) => Markup;

export interface View {
  readonly route: ReadonlySignal<Route>;
  readonly thread: ReadonlySignal<ThreadView>;
  readonly header: ReadonlySignal<HeaderView>;
  readonly link: ReadonlySignal<LinkView>;
  readonly frozen: ReadonlySignal<FrozenView | null>;
  readonly obstacle: ReadonlySignal<Obstacle | null>;
  readonly pairing: ReadonlySignal<PairingView>;
  /** This device belongs to a thread. Null until storage was read. */
  readonly paired: ReadonlySignal<boolean | null>;
  readonly push: ReadonlySignal<PushView>;
  readonly composer: ReadonlySignal<ComposerView>;
  readonly facts: ReadonlySignal<FactsView>;
  /** All asks waiting for a person, oldest first, wherever they stand in the thread. */
  readonly openAsks: ReadonlySignal<readonly AskItem[]>;
  readonly preferences: ReadonlySignal<Preferences>;
  /** 0–100 by `FileView.id` while a file is fetched. */
  readonly transfers: ReadonlySignal<ReadonlyMap<string, number>>;
  /** Null until it is loaded: show plain text meanwhile. */
  readonly markdown: ReadonlySignal<RenderMarkdown | null>;
  readonly word: ReadonlySignal<Word | null>;
}
