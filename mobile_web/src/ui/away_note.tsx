import { useDeskhand } from "./deskhand.ts";
import { hours, when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

const HOUR_S = 3600;
const EXPIRIES_S = [HOUR_S, 12 * HOUR_S, 72 * HOUR_S, 7 * 24 * HOUR_S];

/** While the computer cannot take work: what happens to what is sent now, and for how long it is kept. */
export function AwayNote() {
  const { view, actions } = useDeskhand();
  const header = view.header.value;
  const { expiresInS } = view.composer.value;
  const w = words.value;
  const offline = view.link.value.phone === "offline" || header.state === "unreachable";
  if (!offline && header.state !== "asleep" && header.state !== "paused") return null;
  const since = header.since === undefined ? "" : when(header.since);
  const choices = EXPIRIES_S.includes(expiresInS) ? EXPIRIES_S : [...EXPIRIES_S, expiresInS].sort((a, b) => a - b);
  return (
    <div class="note asleep" role="status">
      <Icon name={offline ? "r0" : header.state === "paused" ? "stopped" : "moon"} />
      <div>
        <p>
          <b>{offline ? w.offline : header.state === "paused" ? w.pausedNow(header.name) : w.asleepSince(header.name, since)}</b>
          {" "}{offline ? w.keptHere : header.state === "paused" ? w.runsWhenResumed : w.runsWhenAwake}
          {" "}<button type="button" class="inline" onClick={() => actions.navigate({ screen: header.state === "paused" ? "settings" : "diagnosis" })}>{w.why}</button>
        </p>
        <label class="meta keep">
          {w.dropAfter}{" "}
          <select value={expiresInS} onChange={(event) => actions.setExpiry(Number(event.currentTarget.value))}>
            {choices.map((seconds) => <option key={seconds} value={seconds}>{hours(seconds)}</option>)}
          </select>
        </label>
      </div>
    </div>
  );
}
