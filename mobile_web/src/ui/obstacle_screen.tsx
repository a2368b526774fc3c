import { useState } from "preact/hooks";

import type { Obstacle } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** The page cannot work here: what is wrong, and the way out. */
export function ObstacleScreen(props: { obstacle: Obstacle }) {
  const { actions } = useDeskhand();
  const { obstacle } = props;
  const [problem, setProblem] = useState<string | null>(null);
  const w = words.value;
  return (
    <main class="page" data-state={obstacle.kind}>
      <p class="who"><Icon name="mark" /> <b>Deskhand</b></p>
      <section class="sec" role="alert">
        <h1>{w.obstacle[obstacle.kind]}</h1>
        {obstacle.kind === "storage" && <p>{obstacle.reason}</p>}
        <p>{obstacle.remedy}</p>
      </section>
      {obstacle.kind === "insecure" && <p class="note small"><Icon name="lock" /><span>{w.whyHttps}</span></p>}
      {obstacle.kind === "removed" && (
        <p class="btns">
          <button type="button" class="btn wide" onClick={() => actions.forgetDevice().catch((error: Error) => setProblem(error.message))}>{w.forgetHere}</button>
        </p>
      )}
      {problem !== null && <p class="bad" role="alert">{problem}</p>}
    </main>
  );
}
