import type { ReplyItem } from "../state/view.ts";
import { Icon } from "./icon.tsx";
import { Markdown } from "./markdown.tsx";

/** What the front desk says: plain text on the ground, growing downwards while it is written. */
export function Reply(props: { reply: ReplyItem }) {
  const { reply } = props;
  return (
    <>
      <Icon name="told" class={reply.streaming ? "knot on" : "knot off"} />
      <article class="say" aria-busy={reply.streaming} data-id={reply.key} data-seq={reply.seq} data-type="reply"
        data-state={reply.streaming ? "streaming" : "said"}>
        {reply.quoted !== undefined && <p class="re" dir="auto">{reply.quoted}</p>}
        <Markdown text={reply.text} streaming={reply.streaming} />
      </article>
    </>
  );
}
