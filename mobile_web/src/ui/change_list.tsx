import { useState } from "preact/hooks";

import type { ActionChange } from "../state/view.ts";
import { Icon } from "./icon.tsx";
import { exact } from "./safe_text.ts";
import { words } from "./words.ts";

const CLASSES: Record<ActionChange["op"], string> = { add: "add", remove: "del", change: "", move: "move" };

function Line(props: { change: ActionChange }) {
  const { op, before, after } = props.change;
  return (
    <li class={CLASSES[op]}>
      <span>
        <span class="vh">{words.value.changeOp[op]} </span>
        {before !== undefined && <bdi>{exact(before)}</bdi>}
        {before !== undefined && after !== undefined && <> <Icon name="fwd" small class="flip" /> </>}
        {after !== undefined && <bdi>{exact(after)}</bdi>}
      </span>
    </li>
  );
}

/** What changes, one a line, with + − ~ in front. `first` folds the rest behind a button that counts it. */
export function ChangeList(props: { changes: readonly ActionChange[]; first: number }) {
  const [all, setAll] = useState(false);
  const { changes, first } = props;
  const shown = all || changes.length <= first + 1 ? changes : changes.slice(0, first);
  return (
    <>
      <ul class="diff">{shown.map((change, index) => <Line key={index} change={change} />)}</ul>
      {shown.length < changes.length && (
        <p><button type="button" class="btn plain" onClick={() => setAll(true)}>{words.value.showAll(changes.length)}</button></p>
      )}
    </>
  );
}
