import type { AskItem } from "../state/view.ts";
import { Icon } from "./icon.tsx";
import type { Decision } from "./use_decision.ts";
import { words } from "./words.ts";

/** Deny and allow, equally wide. Green never invites to what cannot be undone: there it is ink and a warning sign. */
export function DecisionButtons(props: { ask: AskItem; decision: Decision }) {
  const { ask, decision } = props;
  const w = words.value;
  return (
    <>
      <button type="button" class="btn wide" data-testid="deny" onClick={decision.deny}>
        {decision.reason.trim() === "" ? w.deny : w.denyWithReason}
      </button>
      <button type="button" class={ask.reversible ? "btn go wide" : "btn ink wide"} data-testid="approve" onClick={decision.approve}>
        {!ask.reversible && <Icon name="warn" small />} {w.allow[decision.scope]}
      </button>
    </>
  );
}
