/**
 * What a person can do. Every action is safe to call twice; none throws for what the person did. Those that return a
 * promise reject only with `ActionProblem`, whose message says what is wrong and what to do next.
 */
import type {
  ActivityDay, AskItem, AskScope, AskVerdict, FileView, Language, OpenedFile, PreviewView, QuietHours, Route, SearchHit,
  SettingValue, StepLine, Storage, Theme, View,
} from "./view.ts";

export class ActionProblem extends Error {
  override readonly name = "ActionProblem";
  constructor(message: string, readonly code: "offline" | "gone" | "not_genuine" | "refused" | "unavailable") {
    super(message);
  }
}

export interface ScheduleChange {
  readonly op: "add" | "change" | "remove" | "pause" | "resume" | "run";
  readonly schedule?: string;
  readonly rule?: string;
  readonly zone?: string;
  readonly text?: string;
}

export interface Actions {
  // ------------------------------------------------------------------------------------------------- the composer ---
  /** Send the draft with its attachments (or replace the message being edited). Resolves when it is safe on this phone. */
  send(): Promise<void>;
  setDraft(text: string): void;
  attach(files: Iterable<File>): void;
  removeAttachment(id: string): void;
  /** Put a message back into the composer; `send` then replaces it. */
  startEdit(id: string): void;
  cancelEdit(): void;
  /** Write to this running task; null: to the front desk again. */
  steer(task: string | null): void;
  setExpiry(seconds: number): void;

  // --------------------------------------------------------------------------------------------------- the thread ---
  /** Withdraw a message that has not started. */
  cancel(id: string): void;
  stop(task: string): void;
  stopAll(): void;
  pause(on: boolean): void;
  approve(ask: AskItem, scope: AskScope): void;
  deny(ask: AskItem, reason?: string): void;
  /** A question's answer, or a choice. */
  answer(ask: AskItem, text: string): void;
  /** "It may have run": check, again or skip. */
  settle(ask: AskItem, verdict: Extract<AskVerdict, "check" | "again" | "skip">): void;
  undo(task: string): void;
  loadOlder(): void;
  /** Load up to this entry, so that it can be scrolled to. */
  reveal(seq: number): Promise<void>;
  /** All steps of a task with their input and output. */
  loadSteps(task: string): Promise<readonly StepLine[]>;

  // -------------------------------------------------------------------------------------------------------- files ---
  /** Fetch, open and verify a file. Asks the computer first where only it has the file. */
  openFile(file: FileView): Promise<OpenedFile>;
  /** Previews made by the computer; images as object URLs, valid until the page closes. */
  openPreviews(file: FileView): Promise<readonly PreviewView[]>;
  /** Save to the device. */
  download(file: FileView): Promise<void>;
  /** The platform's share sheet; false where there is none. */
  share(file: FileView): Promise<boolean>;
  /** Files of the thread, newest first, whose name contains `query`. */
  listFiles(query: string): Promise<readonly FileView[]>;

  // ------------------------------------------------------------------------------------------------ other screens ---
  search(query: string): Promise<readonly SearchHit[]>;
  /** Tasks by day, newest first. */
  activity(): Promise<readonly ActivityDay[]>;
  saveMemory(text: string): void;
  removeDevice(device: string): void;
  revokeGrant(grant: string): void;
  changeSchedule(change: ScheduleChange): void;
  changeSetting(name: string, value: SettingValue): void;
  storage(): Promise<Storage>;
  /** The opened thread as JSON lines. */
  exportThread(): Promise<Blob>;

  // --------------------------------------------------------------------------------------------- link and pairing ---
  /** A pairing link, pasted or scanned. Progress is in `view.pairing`. */
  pairFromLink(link: string): void;
  cancelPairing(): void;
  /** Try the relay now instead of waiting for the next try. */
  retry(): void;
  /** Forget the thread on this device: keys, entries and all. */
  forgetDevice(): Promise<void>;

  // ---------------------------------------------------------------------------------------------------------- push ---
  /** Must be called from a tap. */
  enableNotifications(): Promise<void>;
  disableNotifications(): Promise<void>;
  testPush(): Promise<void>;
  loadPushLog(): Promise<void>;
  setQuiet(quiet: QuietHours | null): Promise<void>;

  // ----------------------------------------------------------------------------------------------------------- page ---
  navigate(route: Route): void;
  back(): void;
  setTheme(theme: Theme): void;
  setLanguage(language: Language | null): void;
  /** The thread is (not) before a person's eyes: the page itself already follows `visibilitychange`. */
  setVisible(visible: boolean): void;
  dismissWord(id: number): void;
  /** Reload into the waiting new version. */
  update(): void;
}

/** What `<App>` is given. */
export interface Deskhand {
  readonly view: View;
  readonly actions: Actions;
}
