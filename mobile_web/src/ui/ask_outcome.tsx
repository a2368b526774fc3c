import type { AskItem } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { words } from "./words.ts";

/** How an ask ended, or that its answer is on its way. */
export function AskOutcome(props: { ask: AskItem }) {
  const { view } = useDeskhand();
  const { ask } = props;
  const w = words.value;
  const by = ask.answeredBy === undefined ? "" : ` ${w.answeredBy(ask.answeredBy)}`;
  const said = () => {
    if (ask.state === "sending") return w.answerSending;
    if (ask.state === "changed") return w.askChanged(view.header.value.name);
    if (ask.state === "withdrawn") return w.askWithdrawn;
    return ask.verdict === undefined ? w.askAnswered : w.verdict[ask.verdict];
  };
  return (
    <p class="small" role="status">
      <b>{said()}</b>{by}
      {ask.verdictText !== undefined && ask.verdictText !== "" && <> · <bdi>{ask.verdictText}</bdi></>}
    </p>
  );
}
