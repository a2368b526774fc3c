import type { FileView } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { percent, size } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { exact } from "./safe_text.ts";
import { words } from "./words.ts";

const TABLES = /\.(xlsx?|ods|csv|tsv|parquet)$/i;

export function fileIcon(file: { name: string; mime: string }): IconName {
  if (file.mime.startsWith("image/")) return "image";
  return TABLES.test(file.name) ? "sheet" : "doc";
}

/** A file in the thread: a tap opens it. */
export function FileRow(props: { file: FileView }) {
  const { view, actions } = useDeskhand();
  const { file } = props;
  const w = words.value;
  const under_way = view.transfers.value.get(file.id);
  const where = under_way === undefined ? w.availability[file.availability] : w.fetched(percent(under_way));
  return (
    <button type="button" class="row link" data-testid="file" data-id={file.id} data-state={file.availability}
      onClick={() => actions.navigate({ screen: "file", file })}>
      <Icon name={fileIcon(file)} />
      <span><b><bdi>{exact(file.name)}</bdi></b><span class="meta num">{size(file.bytes)}{where && ` · ${where}`}</span></span>
      <Icon name="fwd" class="flip" />
    </button>
  );
}
