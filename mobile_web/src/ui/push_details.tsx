import { useEffect, useState } from "preact/hooks";

import type { PushLogLine } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

const DEFAULT_QUIET = { start: "21:30", end: "07:00" };

function Log(props: { lines: readonly PushLogLine[] }) {
  const w = words.value;
  return (
    <div class="card">
      <header><h3>{w.pushLog}</h3><p class="meta">{w.pushLogNote}</p></header>
      <div class="peek" tabIndex={0} role="region" aria-label={w.pushLog}>
        <table>
          <thead><tr><th scope="col">{w.pushWhen}</th><th scope="col">{w.pushAnswer}</th></tr></thead>
          <tbody>
            {props.lines.map((line, index) => (
              <tr key={index} data-state={line.outcome}>
                <td class="num">{when(line.at)}</td>
                <td><Icon name={line.outcome === "accepted" ? "check" : line.outcome === "looking" || line.outcome === "quiet" ? "sent" : "fail"} small />{" "}
                  {w.pushOutcome[line.outcome]} {line.status} <bdi>{line.reason}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Quiet hours and the push service's own answers, once notifications are on. */
export function PushDetails() {
  const { view, actions } = useDeskhand();
  const push = view.push.value;
  const [problem, setProblem] = useState<string | null>(null);
  const w = words.value;
  const say = (error: Error) => setProblem(error.message);
  const on = push.state === "on";
  useEffect(() => { if (on) actions.loadPushLog().catch(say); }, [on]);
  if (!on) return null;
  const { quiet } = push;
  const change = (next: typeof quiet) => {
    setProblem(null);
    actions.setQuiet(next).catch(say);
  };
  return (
    <>
      <div class="rows">
        <div class="row">
          <label for="quiet"><b>{w.quietHours}</b><span class="meta">{w.quietNote}</span></label>
          <input class="switch" type="checkbox" role="switch" id="quiet" checked={quiet !== null}
            onChange={(event) => change(event.currentTarget.checked ? DEFAULT_QUIET : null)} />
        </div>
        {quiet !== null && (
          <div class="row">
            <label class="small">{w.from_time}<input class="field num" type="time" value={quiet.start} onChange={(event) => change({ ...quiet, start: event.currentTarget.value })} /></label>
            <label class="small">{w.to_time}<input class="field num" type="time" value={quiet.end} onChange={(event) => change({ ...quiet, end: event.currentTarget.value })} /></label>
          </div>
        )}
      </div>
      {push.log.length > 0 && <Log lines={push.log} />}
      {problem !== null && <p class="small bad" role="alert">{problem}</p>}
    </>
  );
}
