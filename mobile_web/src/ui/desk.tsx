/** What a wide screen adds at the sides: the other screens, and what is under way. A chunk of its own. */
import type { AskItem, Route, TaskItem } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { Icon, type IconName } from "./icon.tsx";
import { TASK_KNOTS } from "./task_card.tsx";
import { words } from "./words.ts";

type PlainScreen = Exclude<Route["screen"], "ask" | "task" | "file">;
const PLACES: readonly (readonly [PlainScreen, IconName])[] = [
  ["thread", "told"], ["activity", "run"], ["files", "folder"], ["memory", "doc"], ["devices", "phone"], ["diagnosis", "repeat"], ["settings", "menu"],
];

export function SideNav() {
  const { view, actions } = useDeskhand();
  const { screen } = view.route.value;
  const w = words.value;
  return (
    <nav class="side" aria-label={w.screens}>
      <p class="who"><Icon name="mark" /><b>Deskhand</b></p>
      <ul class="nav">
        {PLACES.map(([to, icon]) => (
          <li key={to}>
            <button type="button" aria-current={screen === to ? "page" : undefined} onClick={() => actions.navigate({ screen: to })}>
              <Icon name={icon} /> {w.place[to]}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Line(props: { item: AskItem | TaskItem }) {
  const { actions } = useDeskhand();
  const { item } = props;
  const w = words.value;
  const ask = item.type === "ask";
  const go = () => actions.navigate(ask && item.kind === "approval" ? { screen: "ask", seq: item.seq } : { screen: "thread", seq: item.seq });
  return (
    <li>
      <button type="button" class="row link" onClick={go}>
        <Icon name={ask ? "ask" : TASK_KNOTS[item.state]} class={!ask && item.state === "running" ? "on" : ""} />
        <span>
          <b dir="auto">{ask ? item.action.title : item.title}</b>
          <span class="meta" dir="auto">{ask ? w.waitsForYou : item.currentStep ?? w.taskState[item.state]}</span>
        </span>
      </button>
    </li>
  );
}

export function SideWork() {
  const { view } = useDeskhand();
  const w = words.value;
  const tasks = view.thread.value.items.filter((item) => item.type === "task" && (item.state === "running" || item.state === "queued"));
  const lines = [...view.openAsks.value, ...tasks] as readonly (AskItem | TaskItem)[];
  return (
    <aside class="side" aria-label={w.underWay}>
      <h2>{w.underWay}</h2>
      {lines.length === 0 ? <p class="meta">{w.nothingUnderWay}</p> : <ul class="rows">{lines.map((item) => <Line key={item.key} item={item} />)}</ul>}
    </aside>
  );
}
