import type { MessageItem, ReceiptKind } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { clock, percent, when } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { words } from "./words.ts";

const GLYPHS: Record<ReceiptKind, IconName> = {
  on_phone: "r0", relay: "r1", waiting: "r1", computer: "r2", working: "r3", answered: "r2",
  failed: "fail", stopped: "stopped", expired: "clock", cancelled: "x", refused: "fail",
};

/** What has happened to a message: a glyph, words, and what can still be done about it. */
export function ReceiptLine(props: { message: MessageItem }) {
  const { view, actions } = useDeskhand();
  const { message } = props;
  const { kind, at, reason } = message.receipt;
  const w = words.value;
  const said = w.receipt[kind](view.header.value.name, at === undefined ? "" : when(at));
  const bad = kind === "failed" || kind === "refused";
  return (
    <div class="receipt" data-testid="receipt" data-state={kind}>
      <span class="num">{clock(message.at)}{message.mine ? "" : ` ${w.from(message.from)}`}</span>
      <span class={bad ? "said bad" : "said"}>
        <Icon name={GLYPHS[kind]} class={kind === "working" ? "on" : ""} />
        {kind === "working" ? <b>{said}</b> : said}
        {message.sentPercent !== undefined && kind === "on_phone" && `, ${w.sentPercent(percent(message.sentPercent))}`}
      </span>
      {message.edited && <span>{w.edited}</span>}
      {(message.canEdit || message.canCancel) && (
        <span class="does">
          {message.canEdit && <button type="button" class="btn plain" onClick={() => actions.startEdit(message.id)}>{w.edit}</button>}
          {message.canCancel && <button type="button" class="btn plain" onClick={() => actions.cancel(message.id)}>{w.cancel}</button>}
        </span>
      )}
      {reason !== undefined && <p class="reason" dir="auto">{reason}</p>}
    </div>
  );
}
