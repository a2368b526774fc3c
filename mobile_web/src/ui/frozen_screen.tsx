import { useState } from "preact/hooks";

import type { FrozenView } from "../state/view.ts";
import { Command } from "./command.tsx";
import { useDeskhand } from "./deskhand.ts";
import { clock, count, when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { save } from "./save.ts";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

/** The relay broke the rules: said plainly, with what it means and what to do. `onRead`: see the thread up to there. */
export function FrozenScreen(props: { frozen: FrozenView; onRead: () => void }) {
  const { view, actions } = useDeskhand();
  const { frozen } = props;
  const [problem, setProblem] = useState<string | null>(null);
  const w = words.value;
  const name = view.header.value.name || w.yourComputer;
  const exported = () => {
    setProblem(null);
    actions.exportThread().then((blob) => save(blob, "deskhand-thread.jsonl"), (error: Error) => setProblem(error.message));
  };
  return (
    <div data-testid="frozen" data-seq={frozen.seq}>
      <TopBar title={w.held} back={props.onRead} />
      <main class="page">
        <section class="sec" role="alert">
          <p class="tag"><Icon name="lock" small /> {w.heldSince(when(frozen.since))}</p>
          <h2 class="title">{w.heldTitle}</h2>
          <p>{frozen.reason}</p>
          <p>{w.heldText}</p>
        </section>
        <section class="card">
          <header><h3>{w.heldMeans}</h3></header>
          <div class="body">
            <ul class="plan">
              {w.heldHolds.map((line) => <li key={line}><Icon name="check" /><span>{line}</span></li>)}
              <li><Icon name="x" /><span>{w.heldStops}</span></li>
            </ul>
          </div>
        </section>
        <section class="sec">
          <h3>{w.whatToDo}</h3>
          <p>{frozen.remedy}</p>
          <p>{w.heldDoctor(name)}</p>
          <Command text="deskhand doctor" />
          <p class="btns">
            <button type="button" class="btn wide" onClick={props.onRead}>{w.readUpTo(clock(frozen.since))}</button>
            <button type="button" class="btn wide" onClick={exported}><Icon name="download" small /> {w.exportThread}</button>
          </p>
          {problem !== null && <p class="bad" role="alert">{problem}</p>}
        </section>
        <details class="sec">
          <summary class="btn">{w.forOperator}</summary>
          <dl class="kv"><dt>{w.seenHere}</dt><dd><code>seq {count(frozen.seq)}</code></dd><dt>{w.rule}</dt><dd>{frozen.reason}</dd></dl>
        </details>
      </main>
    </div>
  );
}
