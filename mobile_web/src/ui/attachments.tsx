import { useDeskhand } from "./deskhand.ts";
import { fileIcon } from "./file_row.tsx";
import { size } from "./format.ts";
import { Icon } from "./icon.tsx";
import { exact } from "./safe_text.ts";
import { words } from "./words.ts";

/** What goes along with the next message. */
export function Attachments() {
  const { view, actions } = useDeskhand();
  const { attachments } = view.composer.value;
  const w = words.value;
  if (attachments.length === 0) return null;
  return (
    <ul class="atts" aria-label={w.attached}>
      {attachments.map((file) => (
        <li key={file.id} class={file.state === "failed" ? "att failed" : "att"} data-state={file.state}>
          {file.thumbnail === undefined ? <Icon name={file.state === "failed" ? "fail" : fileIcon(file)} /> : <img src={file.thumbnail} alt="" />}
          <span>
            <span class="clip"><bdi>{exact(file.name)}</bdi></span>
            <span class={file.state === "failed" ? "meta bad" : "meta"} role="status">
              {file.state === "ready" ? size(file.bytes) : file.state === "preparing" ? w.preparing : file.problem ?? w.cannotAttach}
            </span>
          </span>
          <button type="button" class="ib" aria-label={w.remove(file.name)} onClick={() => actions.removeAttachment(file.id)}><Icon name="x" small /></button>
        </li>
      ))}
    </ul>
  );
}
