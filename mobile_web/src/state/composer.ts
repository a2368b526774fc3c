/** The composer: draft, attachments, sending, editing. What is sent is safe on this phone before it is shown as such. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";

import { edited, find, withdrawn } from "../core/outbox.ts";
import { isGenuine } from "../core/records.ts";
import { type Prepared, prepare } from "../io/attachments.ts";
import { type Body, DEFAULT_EXPIRY_S, type FileRef } from "../protocol/generated.ts";
import { newHexId } from "../protocol/ids.ts";
import type { Session } from "./session.ts";
import type { AttachmentView, ComposerView, Word } from "./view.ts";
import type { Shown } from "./views.ts";

const MAX_FILES = 30;

interface Attachment {
  readonly view: AttachmentView;
  readonly file?: FileRef;
  /** Its private copy; without one it is a file that the edited message has already. */
  readonly copy?: string;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type NewBody = DistributiveOmit<Body, "id">;

export class Composer {
  private readonly text = signal("");
  private readonly attachments = signal<readonly Attachment[]>([]);
  private readonly editing = signal<string | null>(null);
  private readonly task = signal<string | null>(null);
  private readonly expiresInS = signal(DEFAULT_EXPIRY_S);
  readonly view: ReadonlySignal<ComposerView>;

  constructor(
    private readonly session: Session,
    private readonly shown: Shown,
    private readonly say: (code: Word["code"], text?: string) => void,
  ) {
    this.view = computed(() => {
      const attachments = this.attachments.value;
      const draft = this.text.value;
      const here = shown.here.value;
      const canWrite = here.scopes.includes("write") && !here.frozen;
      const ready = attachments.every((one) => one.view.state !== "preparing");
      const task = this.task.value;
      const editing = this.editing.value;
      return {
        draft,
        attachments: attachments.map((one) => one.view),
        canWrite,
        canSend: canWrite && ready && (draft.trim() !== "" || attachments.some((one) => one.view.state === "ready")),
        editing: editing === null ? undefined : { id: editing },
        task: task === null ? undefined : { task, title: here.facts.tasks[task]?.title ?? "" },
        expiresInS: this.expiresInS.value,
      };
    });
  }

  /** Bring back what was being written when the page closed. */
  async restore(): Promise<void> {
    const draft = await this.session.base.kv.draft();
    const copies = await Promise.all(draft.copies.map((id) => this.session.base.kv.copy(id)));
    if (this.text.value === "") this.text.value = draft.text;
    const attachments = copies.flatMap((copy): Attachment[] => (copy === undefined ? [] : [attached({ copy, file: fileRef(copy) })]));
    this.attachments.value = [...attachments, ...this.attachments.value];
  }

  setDraft(text: string): void {
    this.text.value = text;
    this.keep();
  }

  private keep(): void {
    if (this.editing.value !== null) return;
    const copies = this.attachments.value.flatMap((one) => (one.copy === undefined ? [] : [one.copy]));
    void this.session.base.kv.setDraft({ text: this.text.value, copies }).catch(() => this.say("storage_full"));
  }

  attach(files: Iterable<File>): void {
    for (const file of files) {
      if (this.attachments.value.length >= MAX_FILES) {
        this.say("too_many_files");
        return;
      }
      void this.prepare(file);
    }
  }

  private async prepare(file: File): Promise<void> {
    const thread = this.session.base.joined.value?.known.thread;
    if (thread === undefined) return;
    const id = newHexId();
    const waiting: AttachmentView = { id, name: file.name, bytes: file.size, mime: file.type, state: "preparing" };
    this.attachments.value = [...this.attachments.value, { view: waiting }];
    const replace = (next: Attachment) => {
      this.attachments.value = this.attachments.value.map((one) => (one.view.id === id ? next : one));
    };
    try {
      const most = this.session.welcome.value?.limits.blob_bytes ?? Infinity;
      const copy = await prepare(file, id, thread, most);
      await this.session.base.kv.putCopy(copy);
      replace(attached({ copy, file: fileRef(copy) }));
      this.keep();
    } catch (error) {
      const problem = error instanceof Error ? error.message : "This file could not be read. Choose it again.";
      replace({ view: { ...waiting, state: "failed", problem } });
    }
  }

  remove(id: string): void {
    const gone = this.attachments.value.find((one) => one.view.id === id);
    if (gone === undefined) return;
    if (gone.view.thumbnail !== undefined) URL.revokeObjectURL(gone.view.thumbnail);
    this.attachments.value = this.attachments.value.filter((one) => one !== gone);
    this.keep();
    if (gone.copy !== undefined) void this.session.base.kv.dropCopies([gone.copy]);
  }

  setExpiry(seconds: number): void {
    this.expiresInS.value = Math.max(1, Math.round(seconds));
  }

  steer(task: string | null): void {
    this.task.value = task;
  }

  startEdit(id: string): void {
    const { base } = this.session;
    const item = find(base.outbox.value, id);
    const entry = base.entries.value.find((one) => isGenuine(one) && one.body.id === id);
    const shown = this.shown.thread.value.items.find((one) => one.type === "message" && one.id === id);
    const body = item?.body ?? (entry !== undefined && isGenuine(entry) ? entry.body : undefined);
    if (body?.type !== "message" || shown?.type !== "message" || !shown.canEdit) return;
    this.editing.value = id;
    this.text.value = shown.text;
    this.attachments.value = (body.files ?? []).map((file, index) => ({ view: viewOf(`kept:${index}`, file), file, copy: item?.copies[index] }));
  }

  cancelEdit(): void {
    this.editing.value = null;
    this.text.value = "";
    this.attachments.value = [];
    void this.restore();
  }

  async send(): Promise<void> {
    const { canSend } = this.view.value;
    if (!canSend) return;
    const ready = this.attachments.value.filter((one) => one.view.state === "ready");
    const text = wellFormed(this.text.value.trim());
    const files = ready.flatMap((one) => one.file ?? []);
    const copies = ready.flatMap((one) => one.copy ?? []);
    const target = this.editing.value;
    const task = this.task.value ?? undefined;
    this.text.value = "";
    this.attachments.value = [];
    this.editing.value = null;
    this.task.value = null;
    try {
      if (target === null) await this.add({ type: "message", text, files, task, expires_in_s: this.expiresInS.value }, copies, true);
      else await this.replace(target, text, files, copies);
    } catch {
      this.text.value = text;
      this.attachments.value = ready;
      this.editing.value = target;
      this.say("storage_full");
      return;
    }
    if (target !== null) await this.restore();
    if (this.session.base.status.value.connection.name !== "following") this.say("offline_saved");
  }

  /** A message not yet sealed is changed on the spot; else an edit follows it. */
  private async replace(target: string, text: string, files: readonly FileRef[], copies: readonly string[]): Promise<void> {
    const { base } = this.session;
    let here = false;
    const outbox = await base.kv.changeOutbox((held) => {
      const item = find(held, target);
      if (item?.body.type !== "message") return held;
      const changed = edited(held, target, { body: { ...item.body, text, files }, copies, blobs: [] });
      here = changed !== undefined;
      return changed ?? held;
    });
    base.outbox.value = outbox;
    if (here) this.session.sent();
    else await this.add({ type: "edit", target, text, files }, copies, false);
  }

  /** Put something into the outbox. Resolves when it is stored. */
  async add(body: NewBody, copies: readonly string[] = [], clearsDraft = false): Promise<string> {
    const id = newHexId();
    const item = { order: 0, at: new Date().toISOString(), body: { ...withoutUndefined(body), id } as Body, copies, blobs: [], state: "plain" } as const;
    const draft = clearsDraft ? { text: "", copies: [] } : undefined;
    this.session.base.outbox.value = await this.session.base.kv.changeOutbox((held) => [...held, item], draft);
    this.session.sent();
    return id;
  }

  /** Withdraw a message: on the spot where it is not sealed yet, else by an entry. */
  async cancel(id: string): Promise<void> {
    const { base } = this.session;
    let here = false;
    const copies = find(base.outbox.value, id)?.copies ?? [];
    base.outbox.value = await base.kv.changeOutbox((held) => {
      const left = withdrawn(held, id);
      here = left !== undefined;
      return left ?? held;
    });
    if (here) {
      await base.kv.dropCopies(copies);
      this.session.sent();
    } else await this.add({ type: "cancel", target: id });
  }
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

/** What JSON and UTF-8 cannot carry is replaced, as a text field shows it. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

function fileRef({ name, content, sha256, mime, blob }: Prepared): FileRef {
  return { name, bytes: content.size, sha256, mime, blob };
}

function attached({ copy, file }: { copy: Prepared; file: FileRef }): Attachment {
  const thumbnail = copy.mime.startsWith("image/") ? URL.createObjectURL(copy.content) : undefined;
  return { view: { ...viewOf(copy.id, file), thumbnail }, file, copy: copy.id };
}

function viewOf(id: string, file: FileRef): AttachmentView {
  return { id, name: file.name, bytes: file.bytes, mime: file.mime, state: "ready" };
}
