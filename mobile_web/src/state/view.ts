/**
 * What the screens show. Plain, immutable data: an item that did not change keeps its identity, so a component may
 * compare by reference. `store.ts` fills it, `src/ui/` draws it, `actions.ts` is the way back.
 * Times (`at`, `since`, …) are RFC 3339 UTC. `key` is stable for the life of an item, also while it goes from
 * "on this phone" to "stored".
 */
import type { ReadonlySignal } from "@preact/signals";
import type { AskItem, FileView, Item, TaskState, ThreadView } from "./items.ts";

export type * from "./items.ts";

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

/** Sanitised Markdown. Links carry `rel` and `title`=host and show it; an image from elsewhere is only a link. */
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
