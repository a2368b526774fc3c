import { useState } from "preact/hooks";

import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** Something to type at the computer, ready to be copied. */
export function Command(props: { text: string }) {
  const [copied, setCopied] = useState(false);
  const w = words.value;
  const copy = () => {
    navigator.clipboard.writeText(props.text).then(() => setCopied(true), () => setCopied(false));
  };
  return (
    <div class="cmd">
      <code>{props.text}</code>
      <span class="vh" role="status">{copied && w.copied}</span>
      {window.isSecureContext && (
        <button type="button" class="ib" aria-label={w.copyCommand} onClick={copy}><Icon name={copied ? "check" : "copy"} /></button>
      )}
    </div>
  );
}
