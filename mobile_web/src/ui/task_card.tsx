import { useState } from "preact/hooks";

import type { PlanLine, TaskItem, TaskState } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { money, span, when } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Markdown } from "./markdown.tsx";
import { StepList } from "./steps.tsx";
import { useNow } from "./use_now.ts";
import { words } from "./words.ts";

/** The knot of each state: its shape says it, its colour only repeats it. */
export const TASK_KNOTS: Record<TaskState, IconName> = {
  queued: "queue", running: "run", waiting: "ask", done: "done", failed: "fail", stopped: "stopped", expired: "clock", in_doubt: "doubt",
};
const PLAN_GLYPHS: Record<PlanLine["state"], IconName> = { todo: "sent", now: "fwd", done: "check", skipped: "skip" };
const PLAN_CLASSES: Record<PlanLine["state"], string> = { todo: "", now: "now", done: "did", skipped: "did" };

function Plan(props: { lines: readonly PlanLine[] }) {
  return (
    <ol class="plan">
      {props.lines.map((line, index) => (
        <li key={index} class={PLAN_CLASSES[line.state]}>
          <Icon name={PLAN_GLYPHS[line.state]} class={line.state === "now" ? "flip" : ""} />
          <span dir="auto">{line.text}<span class="vh"> {words.value.planState[line.state]}</span></span>
        </li>
      ))}
    </ol>
  );
}

function useElapsed(task: TaskItem): number | undefined {
  const ticking = task.state === "running" && task.startedAt !== undefined;
  const now = useNow(ticking);
  if (ticking) return (now - Date.parse(task.startedAt ?? "")) / 1000;
  return task.seconds;
}

/** A task under way, or in one line when its result stands further down. */
export function TaskCard(props: { task: TaskItem }) {
  const { actions } = useDeskhand();
  const { task } = props;
  const w = words.value;
  const elapsed = useElapsed(task);
  const [listed, setListed] = useState(false);
  const working = task.state === "running";
  const over = task.resultKey !== undefined;
  const latest = task.steps.at(-1);
  const doing = working && !listed ? task.currentStep ?? latest?.title : undefined;
  const liveText = task.liveText ?? "";
  const speaks = task.reason !== undefined || task.plan.length > 0 || doing !== undefined || liveText !== "";
  return (
    <>
      <Icon name={TASK_KNOTS[task.state]} class={working ? "knot on" : task.state === "failed" ? "knot bad" : "knot"} />
      <article class="card" data-testid="task-card" data-seq={task.seq} data-id={task.task} data-state={task.state}>
        <header>
          <h3 dir="auto">{task.title}</h3>
          <p class={working ? "state on" : "state"} role="status">
            <b>{w.taskState[task.state]}</b>
            {task.endedAt !== undefined && <span class="num">{when(task.endedAt)}</span>}
            {elapsed !== undefined && <span class="num" aria-hidden={working}>{span(elapsed)}</span>}
            {typeof task.usd === "number" && <span class="num">{money(task.usd)}</span>}
            {task.fromSchedule && <span>{w.fromSchedule}</span>}
          </p>
        </header>
        {!over && speaks && (
          <div class="body">
            {task.reason !== undefined && <p class={task.state === "failed" ? "small bad" : "small"} dir="auto">{task.reason}</p>}
            {task.plan.length > 0 && <Plan lines={task.plan} />}
            {doing !== undefined && (
              <p class="step" data-testid="step" data-state={latest?.state ?? "running"}><Icon name="doc" small /><span dir="auto">{doing}</span></p>
            )}
            {liveText !== "" && <div class="say"><Markdown text={liveText} streaming /></div>}
          </div>
        )}
        {!over && task.steps.length > 0 && <StepList task={task.task} steps={task.steps} onOpen={setListed} />}
        {task.canStop && (
          <footer>
            {working && <button type="button" class="btn plain" onClick={() => actions.steer(task.task)}>{w.addToTask}</button>}
            <button type="button" class="btn push" data-testid="stop" onClick={() => actions.stop(task.task)}>
              <Icon name="stop" small /> {w.stop}
            </button>
          </footer>
        )}
      </article>
    </>
  );
}
