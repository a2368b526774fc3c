import { useState } from "preact/hooks";

import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** Notifications of this device: on by one tap, proved by a test push, each state in words. */
export function PushControl() {
  const { view, actions } = useDeskhand();
  const push = view.push.value;
  const [problem, setProblem] = useState<string | null>(null);
  const w = words.value;
  const run = (what: () => Promise<void>) => () => {
    setProblem(null);
    what().catch((error: Error) => setProblem(error.message));
  };
  const remedy = "remedy" in push ? push.remedy : null;
  return (
    <div class="sec" data-state={push.state}>
      <p class="small" role="status">
        {w.push[push.state]} {push.state === "failed" && push.reason} {push.state === "on" && w.pushTest[push.test]}
      </p>
      {remedy !== null && <p class="note small"><Icon name="bell" /><span>{remedy}</span></p>}
      {problem !== null && <p class="note hard small" role="alert"><Icon name="warn" /><span>{problem}</span></p>}
      <p class="btns">
        {(push.state === "off" || push.state === "failed") && (
          <button type="button" class="btn go wide" onClick={run(actions.enableNotifications)}><Icon name="bell" small /> {w.pushOn}</button>
        )}
        {push.state === "on" && (
          <>
            <button type="button" class="btn wide" onClick={run(actions.testPush)}><Icon name="bell" small /> {w.pushTestNow}</button>
            <button type="button" class="btn wide" onClick={run(actions.disableNotifications)}>{w.pushOff}</button>
          </>
        )}
      </p>
    </div>
  );
}
