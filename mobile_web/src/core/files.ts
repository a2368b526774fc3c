/** Files of the thread as they are shown. */
import type { FileRef } from "../protocol/generated.ts";
import type { FileView } from "../state/view.ts";
import { isGenuine, type Stored } from "./records.ts";

const refs = new WeakMap<FileView, FileRef>();
const views = new WeakMap<readonly FileRef[], { dropped: ReadonlySet<string>; views: readonly FileView[] }>();

interface Carrier {
  readonly id: string;
  readonly seq?: number;
  readonly at: string;
}

/** The same list gives the same views, as long as nothing more was dropped. */
export function fileViews(files: readonly FileRef[] | undefined, carrier: Carrier, dropped: ReadonlySet<string>): readonly FileView[] {
  if (files === undefined || files.length === 0) return NONE;
  const held = views.get(files);
  if (held !== undefined && held.dropped === dropped && held.views[0]?.seq === carrier.seq) return held.views;
  const made = files.map((file, index) => fileView(file, carrier, index, dropped));
  views.set(files, { dropped, views: made });
  return made;
}

const NONE: readonly FileView[] = [];

function fileView(file: FileRef, carrier: Carrier, index: number, dropped: ReadonlySet<string>): FileView {
  const blob = file.blob ?? null;
  const availability = carrier.seq === undefined ? "sending" : blob === null ? "computer" : dropped.has(blob.id) ? "gone" : "relay";
  const view: FileView = {
    id: `${carrier.id}/${index}`,
    name: file.name,
    bytes: file.bytes,
    mime: file.mime,
    sha256: file.sha256,
    availability,
    path: file.path ?? undefined,
    hasPreview: (file.previews ?? []).length > 0,
    seq: carrier.seq,
    at: carrier.at,
  };
  refs.set(view, file);
  return view;
}

/** What a shown file was made from: holds its key. */
export function fileRef(view: FileView): FileRef | undefined {
  return refs.get(view);
}

/** The files of an entry, with what carries them. */
export function filesOf(entry: Stored): readonly FileRef[] {
  if (!isGenuine(entry)) return [];
  const { body } = entry;
  return body.type === "message" || body.type === "edit" || body.type === "result" || body.type === "fetched" ? (body.files ?? []) : [];
}

export function viewsOf(entry: Stored, dropped: ReadonlySet<string>): readonly FileView[] {
  if (!isGenuine(entry)) return NONE;
  return fileViews(filesOf(entry), { id: entry.body.id, seq: entry.seq, at: entry.said }, dropped);
}
