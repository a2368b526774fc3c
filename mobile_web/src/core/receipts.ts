/** What became of a message that is in the thread. */
import type { Receipt } from "../protocol/generated.ts";
import type { Receipt as Shown, ReceiptKind } from "../state/view.ts";
import type { Said } from "./reading.ts";

const KINDS: Readonly<Record<Receipt["kind"], ReceiptKind>> = {
  received: "computer",
  started: "working",
  answered: "answered",
  failed: "failed",
  stopped: "stopped",
  expired: "expired",
  cancelled: "cancelled",
  refused: "refused",
};

/** Receipts of messages that can still be changed or withdrawn. */
export const NOT_STARTED: ReadonlySet<ReceiptKind> = new Set(["on_phone", "relay", "waiting", "computer"]);

/** The receipt of a stored message, from the last thing the computer said about it. */
export function receiptOf(last: Said<Receipt> | undefined, away: boolean): Shown {
  if (last === undefined) return { kind: away ? "waiting" : "relay", at: undefined, reason: undefined };
  return { kind: KINDS[last.body.kind], at: last.at, reason: last.body.reason ?? undefined };
}
