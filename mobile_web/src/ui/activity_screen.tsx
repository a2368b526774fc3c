import { useEffect, useState } from "preact/hooks";

import type { ActivityDay, ActivityTask, ScheduleView } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { dayTitle, money, span, when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { TASK_KNOTS } from "./task_card.tsx";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

function TaskRow(props: { task: ActivityTask }) {
  const { actions } = useDeskhand();
  const { task } = props;
  const w = words.value;
  return (
    <li>
      <button type="button" class="row link" data-id={task.task} data-state={task.state} onClick={() => actions.navigate({ screen: "thread", seq: task.seq })}>
        <Icon name={TASK_KNOTS[task.state]} class={task.state === "running" ? "on" : ""} />
        <span>
          <b dir="auto">{task.title}</b>
          <span class="meta">{w.taskState[task.state]} {when(task.at)}{task.seconds !== undefined && ` · ${span(task.seconds)}`}</span>
        </span>
        {typeof task.usd === "number" && <span class="num small end">{money(task.usd)}</span>}
      </button>
    </li>
  );
}

function ScheduleRow(props: { schedule: ScheduleView }) {
  const { actions } = useDeskhand();
  const { schedule } = props;
  const w = words.value;
  const active = schedule.state === "active";
  return (
    <li class="row" data-id={schedule.schedule} data-state={schedule.state}>
      <Icon name="repeat" />
      <span>
        <b dir="auto">{schedule.text}</b>
        <span class="meta">{schedule.rule} · {active ? schedule.next !== undefined && w.nextAt(when(schedule.next)) : w.schedulePaused}</span>
      </span>
      <button type="button" class="btn" onClick={() => actions.changeSchedule({ op: active ? "pause" : "resume", schedule: schedule.schedule })}>
        {active ? w.pause : w.resume}
      </button>
    </li>
  );
}

/** Tasks by day with what they cost, and what runs by the clock. */
export function ActivityScreen() {
  const { view, actions } = useDeskhand();
  const [days, setDays] = useState<readonly ActivityDay[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { schedules, grants } = view.facts.value;
  const thread = view.thread.value;
  const w = words.value;
  useEffect(() => { actions.activity().then(setDays, (error: Error) => setProblem(error.message)); }, [thread]);
  return (
    <>
      <TopBar title={w.activity} />
      <main class="page">
        {problem !== null && <p role="alert">{problem}</p>}
        {days === null && problem === null && <p class="meta" role="status">{w.loading}</p>}
        {days?.length === 0 && <p>{w.noTasks}</p>}
        {days?.map((one) => (
          <section key={one.date} class="sec">
            <div class="split"><h2>{dayTitle(one.date)}</h2><span class="meta num push">{w.tasks(one.tasks.length)}{one.usd !== null && ` · ${money(one.usd)}`}</span></div>
            <ul class="rows">{one.tasks.map((task) => <TaskRow key={task.task} task={task} />)}</ul>
          </section>
        ))}
        {schedules.length > 0 && (
          <section class="sec"><h2>{w.scheduled}</h2><ul class="rows">{schedules.map((one) => <ScheduleRow key={one.schedule} schedule={one} />)}</ul></section>
        )}
        {grants.length > 0 && (
          <section class="sec">
            <h2>{w.alwaysAllowed}</h2>
            <ul class="rows">
              {grants.map((grant) => (
                <li key={grant.grant} class="row" data-id={grant.grant}>
                  <Icon name="check" /><span dir="auto">{grant.text}</span>
                  {grant.revoking ? <span class="meta" role="status">{w.removing}</span>
                    : <button type="button" class="btn" onClick={() => actions.revokeGrant(grant.grant)}>{w.takeBack}</button>}
                </li>
              ))}
            </ul>
          </section>
        )}
      </main>
    </>
  );
}
