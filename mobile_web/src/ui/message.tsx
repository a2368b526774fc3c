import type { MessageItem } from "../state/view.ts";
import { FileRow } from "./file_row.tsx";
import { ReceiptLine } from "./receipt.tsx";

/** What a person wrote, on a slip, with its receipt. */
export function Message(props: { message: MessageItem }) {
  const { message } = props;
  const gone = message.receipt.kind === "cancelled" || message.receipt.kind === "expired";
  return (
    <article class="mine" data-id={message.id} data-seq={message.seq} data-type="message">
      {message.text !== "" && <p class={gone ? "slip gone" : "slip"} dir="auto">{message.text}</p>}
      {message.files.length > 0 && (
        <ul class="rows enclosed">
          {message.files.map((file) => <li key={file.id}><FileRow file={file} /></li>)}
        </ul>
      )}
      <ReceiptLine message={message} />
    </article>
  );
}
