import { useEffect, useRef } from "preact/hooks";

import type { AskItem } from "../state/view.ts";
import { AskOutcome } from "./ask_outcome.tsx";
import { ChangeList } from "./change_list.tsx";
import { DecisionButtons } from "./decision_buttons.tsx";
import { DenyReason } from "./deny_reason.tsx";
import { useDeskhand } from "./deskhand.ts";
import { ExactAction } from "./exact_action.tsx";
import { clock } from "./format.ts";
import { Icon } from "./icon.tsx";
import { exact } from "./safe_text.ts";
import { type Decision, useDecision } from "./use_decision.ts";
import { words } from "./words.ts";

const SHEET_CHANGES = 12;
const SCOPES = ["once", "task", "always"] as const;

function Scopes(props: { ask: AskItem; decision: Decision }) {
  const { ask, decision } = props;
  const w = words.value;
  return (
    <fieldset class="sec">
      <legend class="label">{w.allowIt}</legend>
      <div class="seg">
        {SCOPES.map((scope) => (
          <label key={scope}>
            <input type="radio" name={`scope-${ask.seq}`} checked={decision.scope === scope} disabled={!ask.scopes.includes(scope)}
              onChange={() => decision.setScope(scope)} />
            {w.scope[scope]}
          </label>
        ))}
      </div>
      {!ask.scopes.includes("always") && <p class="meta">{ask.reversible ? w.alwaysNotHere : w.alwaysNever}</p>}
    </fieldset>
  );
}

function Review(props: { ask: AskItem; leave: () => void }) {
  const { view } = useDeskhand();
  const { ask } = props;
  const w = words.value;
  const decision = useDecision(ask, props.leave);
  return (
    <>
      {!ask.reversible
        ? <p class="note hard" role="note"><Icon name="warn" /><span><b>{w.irreversible}</b> {w.irreversibleMore}</span></p>
        : <p class="small">{w.reversible}</p>}
      <section class="sec">
        <h3 class="label">{w.exactlyThis}</h3>
        <ExactAction action={ask.action} reversible={ask.reversible} />
      </section>
      {ask.action.changes.length > 0 && (
        <section class="sec">
          <h3 class="label">{w.whatChanges(ask.action.changes.length)}</h3>
          <ChangeList changes={ask.action.changes} first={SHEET_CHANGES} />
        </section>
      )}
      {ask.scopes.length > 0 && <Scopes ask={ask} decision={decision} />}
      <DenyReason decision={decision} computer={view.header.value.name} id={`why-${ask.seq}`} />
      <footer><DecisionButtons ask={ask} decision={decision} /></footer>
    </>
  );
}

/** The whole of an approval over the thread. Closing it leaves the ask open. */
export function AskSheet(props: { ask: AskItem }) {
  const { actions } = useDeskhand();
  const dialog = useRef<HTMLDialogElement>(null);
  const { ask } = props;
  const w = words.value;
  const open = ask.state === "open";
  useEffect(() => {
    const sheet = dialog.current;
    if (sheet !== null && !sheet.open) sheet.showModal();
    return () => {
      sheet?.close();
      // What opened the sheet was hidden while it was open, so the browser cannot give the focus back by itself.
      setTimeout(() => document.querySelector<HTMLElement>(`[data-testid=ask][data-seq="${ask.seq}"]`)?.focus({ preventScroll: true }));
    };
  }, []);
  const leave = () => actions.back();
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="sheet-title" onCancel={(event) => { event.preventDefault(); leave(); }}
      onClick={(event) => { if (event.target === event.currentTarget) leave(); }}>
      <div class="sheet-in">
        <header class="sec">
          <div class="row2">
            <p class="tag"><Icon name="hand" small /> {open ? w.asksSince(clock(ask.at)) : w.askAnswered}</p>
            <button type="button" class="ib push" aria-label={open ? w.later : w.close} onClick={leave}><Icon name="x" /></button>
          </div>
          <h2 id="sheet-title" class="title" dir="auto" tabIndex={-1} autofocus>{exact(ask.action.title)}</h2>
          <p class="small">{ask.taskTitle !== undefined && <bdi>{w.forTask(ask.taskTitle)}</bdi>} {w.level(ask.level)}</p>
        </header>
        {open && ask.canAnswer
          ? <Review ask={ask} leave={leave} />
          : <>
              {open ? <p class="small">{w.cannotAnswer}</p> : <AskOutcome ask={ask} />}
              <footer><button type="button" class="btn wide" onClick={leave}>{w.close}</button></footer>
            </>}
      </div>
    </dialog>
  );
}
