import type { AskItem } from "../state/view.ts";
import { AskOutcome } from "./ask_outcome.tsx";
import { ChangeList } from "./change_list.tsx";
import { DecisionButtons } from "./decision_buttons.tsx";
import { useDeskhand } from "./deskhand.ts";
import { ExactAction } from "./exact_action.tsx";
import { clock } from "./format.ts";
import { Icon } from "./icon.tsx";
import { QuestionForm } from "./question_form.tsx";
import { exact } from "./safe_text.ts";
import { useDecision } from "./use_decision.ts";
import { words } from "./words.ts";

const CARD_CHANGES = 24;
const FOLDED_CHANGES = 4;

/** "It may have run": look, do it again, or leave it. */
function InDoubt(props: { ask: AskItem }) {
  const { actions } = useDeskhand();
  const w = words.value;
  return (
    <footer>
      {(["check", "again", "skip"] as const).map((verdict) => (
        <button key={verdict} type="button" class="btn wide" data-testid="answer" data-verdict={verdict}
          onClick={() => actions.settle(props.ask, verdict)}>{w.settle[verdict]}</button>
      ))}
    </footer>
  );
}

function Approval(props: { ask: AskItem }) {
  const { actions } = useDeskhand();
  const { ask } = props;
  const w = words.value;
  const decision = useDecision(ask);
  const review = () => actions.navigate({ screen: "ask", seq: ask.seq });
  const long = ask.action.changes.length > CARD_CHANGES;
  return (
    <>
      <div class="body">
        {!ask.reversible && <p class="small bad"><Icon name="warn" small /> <b>{w.irreversible}</b></p>}
        {!long && <ExactAction action={ask.action} reversible={ask.reversible} />}
        {ask.action.changes.length > 0 && <ChangeList changes={ask.action.changes.slice(0, long ? FOLDED_CHANGES : undefined)} first={CARD_CHANGES} />}
      </div>
      <footer>
        {long
          ? <>
              <button type="button" class={ask.reversible ? "btn go wide" : "btn ink wide"} onClick={review}>{w.reviewAll(ask.action.changes.length)}</button>
              <button type="button" class="btn" data-testid="deny" onClick={decision.deny}>{w.deny}</button>
            </>
          : <DecisionButtons ask={ask} decision={decision} />}
      </footer>
      {!long && <p class="more"><button type="button" class="btn plain" onClick={review}>{w.moreChoices}</button></p>}
    </>
  );
}

/** An ask in the thread: the only card with the ink border, and only while it waits. */
export function AskCard(props: { ask: AskItem }) {
  const { view } = useDeskhand();
  const { ask } = props;
  const w = words.value;
  const open = ask.state === "open";
  const route = view.route.value;
  const reviewed = route.screen === "ask" && route.seq === ask.seq;
  return (
    <>
      <Icon name={open ? "ask" : ask.state === "sending" ? "queue" : "told"} class={open ? "knot" : "knot off"} />
      <article tabIndex={-1} class={open ? "card ask" : "card"} data-testid="ask" data-seq={ask.seq} data-id={ask.key} data-state={ask.state} data-kind={ask.kind}>
        <header>
          {open && <p class="tag"><Icon name="hand" small /> {w.asksSince(clock(ask.at))}</p>}
          <h3 dir="auto">{exact(ask.action.title)}</h3>
          {ask.taskTitle !== undefined && <p class="meta" dir="auto">{w.forTask(ask.taskTitle)}</p>}
          {open && ask.kind === "question" && <p class="meta">{w.restsMeanwhile}</p>}
          {open && ask.kind === "in_doubt" && <p class="small">{w.mayHaveRun}</p>}
        </header>
        {!open && <div class="body"><AskOutcome ask={ask} /></div>}
        {open && !ask.canAnswer && <div class="body"><p class="small">{w.cannotAnswer}</p></div>}
        {open && ask.canAnswer && !reviewed && (
          ask.kind === "approval" ? <Approval ask={ask} /> : ask.kind === "question" ? <QuestionForm ask={ask} /> : <InDoubt ask={ask} />
        )}
      </article>
    </>
  );
}
