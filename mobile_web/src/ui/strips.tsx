import { useDeskhand } from "./deskhand.ts";
import { when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** The ink strip: how many asks wait, one tap from the oldest. */
export function AskStrip() {
  const { view, actions } = useDeskhand();
  const asks = view.openAsks.value;
  const w = words.value;
  const [oldest] = asks;
  const review = () => {
    if (oldest === undefined) return;
    actions.navigate(oldest.kind === "approval" ? { screen: "ask", seq: oldest.seq } : { screen: "thread", seq: oldest.seq });
  };
  return (
    <div aria-live="polite">
      {oldest !== undefined && (
        <button type="button" class="strip" onClick={review}>
          <Icon name="hand" /><span>{w.asksWait(asks.length)}</span><span class="push">{w.review}</span><Icon name="fwd" small class="flip" />
        </button>
      )}
    </div>
  );
}

/** Over a frozen thread that is being read: it goes no further than this. */
export function HeldStrip(props: { onReview: () => void }) {
  const { view } = useDeskhand();
  const frozen = view.frozen.value;
  if (frozen === null) return null;
  const w = words.value;
  return (
    <button type="button" class="strip" data-testid="frozen" onClick={props.onReview}>
      <Icon name="lock" /><span>{w.heldSince(when(frozen.since))}</span><span class="push">{w.heldWhy}</span><Icon name="fwd" small class="flip" />
    </button>
  );
}
