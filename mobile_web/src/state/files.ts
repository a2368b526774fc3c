/** Opening files of the thread: fetched, opened, verified; asked of the computer where only it has them. */
import { effect } from "@preact/signals";

import { fileRef } from "../core/files.ts";
import { isGenuine } from "../core/records.ts";
import { ApiError } from "../io/api.ts";
import { download } from "../io/transfer.ts";
import { Malformed } from "../protocol/errors.ts";
import type { FileRef, Preview } from "../protocol/generated.ts";
import { isObject } from "../protocol/parse.ts";
import { ActionProblem } from "./actions.ts";
import type { Composer } from "./composer.ts";
import type { Session } from "./session.ts";
import type { FileView, OpenedFile, PreviewView, StepLine } from "./view.ts";

const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_HELD = 8;
/** A computer that is awake brings a file within this time. */
const FETCH_WITHIN_MS = 90_000;

const GONE = "This file is no longer at the relay. Ask for it again in the thread, and the computer sends it anew.";
const ASLEEP = "Only the computer has this file, and it does not answer. Wake it, then try again.";
const FALSE = "What the relay sent is not this file, so it was not opened. Run `deskhand doctor` at the computer.";

export class Files {
  private readonly held = new Map<string, Promise<Blob>>();

  constructor(
    private readonly session: Session,
    private readonly composer: Composer,
  ) {}

  async open(file: FileView): Promise<OpenedFile> {
    const blob = await this.blob(file);
    const url = URL.createObjectURL(blob);
    const isText = /^text\/|json|xml|javascript|yaml/.test(file.mime) && blob.size <= MAX_TEXT_BYTES;
    return { file, blob, url, text: isText ? await blob.text() : undefined, release: () => URL.revokeObjectURL(url) };
  }

  async blob(file: FileView): Promise<Blob> {
    const ref = fileRef(file);
    if (ref === undefined || file.availability === "gone") throw new ActionProblem(GONE, "gone");
    if (file.availability === "sending") return this.ownCopy(ref);
    const wanted = ref.blob == null ? await this.fetched(ref) : ref;
    return this.named(wanted, file.id);
  }

  private async ownCopy(ref: FileRef): Promise<Blob> {
    for (const item of this.session.base.outbox.value) {
      for (const id of item.copies) {
        const copy = await this.session.base.kv.copy(id);
        if (copy?.blob.id === ref.blob?.id && copy !== undefined) return copy.content;
      }
    }
    throw new ActionProblem(GONE, "gone");
  }

  private named(ref: FileRef, id: string): Promise<Blob> {
    return this.sealed(ref.bytes, ref.blob ?? null, ref.sha256, id).then((blob) => blob.slice(0, blob.size, ref.mime));
  }

  private sealed(bytes: number, wire: FileRef["blob"] | null, digest: string | null, id: string): Promise<Blob> {
    const api = this.session.api.value;
    const thread = this.session.base.joined.value?.known.thread;
    if (api === null || thread === undefined || wire == null) return Promise.reject(new ActionProblem(GONE, "gone"));
    const known = this.held.get(wire.id);
    if (known !== undefined) return known;
    const { base } = this.session;
    base.progress("transfers", id, 0);
    const coming = download(api, thread, bytes, wire, digest, (percent) => base.progress("transfers", id, percent))
      .catch((error: unknown) => {
        this.held.delete(wire.id);
        throw problem(error);
      })
      .finally(() => base.progress("transfers", id, null));
    this.held.set(wire.id, coming);
    const [oldest] = this.held.keys();
    if (this.held.size > MAX_HELD && oldest !== undefined) this.held.delete(oldest);
    return coming;
  }

  /** Ask the computer for a file that only it has. `of` is the file's SHA-256. */
  private async fetched(ref: FileRef, what: "blob" | "preview" = "blob"): Promise<FileRef> {
    const id = await this.composer.add({ type: "request.fetch", what, of: ref.sha256 });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new ActionProblem(ASLEEP, "unavailable"))), FETCH_WITHIN_MS);
      let stop: (() => void) | null = null;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        queueMicrotask(() => stop?.());
        settle();
      };
      stop = effect(() => {
        for (const entry of this.session.base.entries.value) {
          if (!isGenuine(entry)) continue;
          const { body } = entry;
          if (body.type === "fetched" && body.target === id && body.files[0] !== undefined) {
            const [file] = body.files;
            end(() => resolve(file));
          }
          if (body.type === "receipt" && body.target === id && (body.kind === "refused" || body.kind === "failed")) {
            end(() => reject(new ActionProblem(body.reason ?? ASLEEP, "refused")));
          }
        }
      });
    });
  }

  async previews(file: FileView): Promise<readonly PreviewView[]> {
    const ref = fileRef(file);
    if (ref === undefined) throw new ActionProblem(GONE, "gone");
    return Promise.all((ref.previews ?? []).map((preview, index) => this.preview(preview, `${file.id}/preview/${index}`)));
  }

  private async preview(preview: Preview, id: string): Promise<PreviewView> {
    const note = preview.note ?? undefined;
    const blob = preview.blob == null ? null : await this.sealed(preview.bytes ?? 0, preview.blob, null, id);
    switch (preview.kind) {
      case "image":
        if (blob === null) throw new ActionProblem(GONE, "gone");
        return { kind: "image", url: URL.createObjectURL(blob), note };
      case "grid": {
        const rows = blob === null ? (preview.rows ?? []) : grid(JSON.parse(await blob.text()));
        return { kind: "grid", rows, totalRows: preview.total_rows ?? undefined, note };
      }
      case "text":
      case "markdown":
        return { kind: preview.kind, text: blob === null ? (preview.text ?? "") : await blob.text(), note };
    }
  }

  /** All steps of a task, from the blob its result names. */
  async steps(task: string): Promise<readonly StepLine[]> {
    const results = await this.session.base.kv.ofKinds(["result"]);
    for (const entry of results) {
      if (isGenuine(entry) && entry.body.type === "result" && entry.body.task === task && entry.body.steps_blob != null) {
        const blob = await this.named(entry.body.steps_blob, `steps/${task}`);
        return steps(JSON.parse(await blob.text()));
      }
    }
    return this.session.base.live.value.steps.get(task)?.map((one) => ({ ...one, detail: one.detail ?? undefined })) ?? [];
  }
}

function grid(value: unknown): string[][] {
  if (!Array.isArray(value)) return [];
  return value.map((row) => (Array.isArray(row) ? row.map(String) : []));
}

/** A steps file: a list of calls with their whole input and output. */
function steps(value: unknown): StepLine[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((call, index) => ({
    step: String(index),
    tool: String(call["tool"]),
    title: String(call["title"]),
    state: call["failed"] === true ? "failed" : "ok",
    detail: [JSON.stringify(call["input"], null, 2), call["output"]].filter((part) => typeof part === "string").join("\n\n"),
  }));
}

function problem(error: unknown): ActionProblem {
  if (error instanceof Malformed) return new ActionProblem(FALSE, "not_genuine");
  if (error instanceof ApiError && error.code === "not_found") return new ActionProblem(GONE, "gone");
  if (error instanceof ApiError) return new ActionProblem(error.message, error.code === "offline" ? "offline" : "unavailable");
  return new ActionProblem("This file could not be opened. Try again in a moment.", "unavailable");
}
