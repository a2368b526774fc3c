import type { Decision } from "./use_decision.ts";
import { words } from "./words.ts";

/** Why not, in a tap or in one's own words: the task plans again with it. */
export function DenyReason(props: { decision: Decision; computer: string; id: string }) {
  const { decision, computer, id } = props;
  const w = words.value;
  return (
    <details class="why">
      <summary class="btn plain">{w.denyWhy}</summary>
      <div class="sec">
        <div class="wrap">
          {w.denyReasons.map((reason) => (
            <button key={reason} type="button" class="chip" aria-pressed={decision.reason === reason}
              onClick={() => decision.setReason(decision.reason === reason ? "" : reason)}>{reason}</button>
          ))}
        </div>
        <label class="small" for={id}>{w.tellWhy(computer)}</label>
        <input class="field" id={id} dir="auto" value={decision.reason} onInput={(event) => decision.setReason(event.currentTarget.value)} />
      </div>
    </details>
  );
}
