import { useState } from "preact/hooks";

import type { StepLine } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { Icon, type IconName } from "./icon.tsx";
import { words } from "./words.ts";

const GLYPHS: Record<StepLine["state"], IconName> = { running: "run", ok: "check", failed: "fail" };

/** Lines that add (+) or remove (−) are coloured, the sign stays in front. */
function Detail(props: { text: string }) {
  return (
    <pre class="detail" tabIndex={0} role="region" aria-label={words.value.stepDetail}>
      {props.text.split("\n").map((line, index) => {
        const kind = /^\+(?!\+\+)/.test(line) ? "add" : /^-(?!--)/.test(line) ? "del" : undefined;
        return <span key={index} class={kind}>{`${line}\n`}</span>;
      })}
    </pre>
  );
}

/** One step, one line; with input and output below it where they are known. */
export function Step(props: { step: StepLine }) {
  const { step } = props;
  const line = (
    <>
      <Icon name={GLYPHS[step.state]} small class={step.state === "running" ? "on" : step.state === "failed" ? "bad" : "off"} />
      <span dir="auto">{step.title}<span class="vh"> {words.value.stepState[step.state]}</span></span>
    </>
  );
  if (step.detail === undefined) return <div class="step-line">{line}</div>;
  return (
    <details>
      <summary class="step-line">{line}<Icon name="fwd" small class="flip turns" /></summary>
      <Detail text={step.detail} />
    </details>
  );
}

/** Folded away until it is asked for. `whole`: the task is over, and all its steps are fetched at the first look. */
export function StepList(props: { task: string; steps: readonly StepLine[]; whole?: boolean; onOpen?: (open: boolean) => void }) {
  const { actions } = useDeskhand();
  const w = words.value;
  const [open, setOpen] = useState(false);
  const [loaded, setLoaded] = useState<readonly StepLine[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const steps = loaded ?? props.steps;

  const load = () => {
    setProblem(null);
    actions.loadSteps(props.task).then(setLoaded, (error: Error) => setProblem(error.message));
  };
  const toggle = (event: Event) => {
    const now = (event.currentTarget as HTMLDetailsElement).open;
    setOpen(now);
    props.onOpen?.(now);
    if (now && props.whole && loaded === null) load();
  };
  return (
    <details class="steps" onToggle={toggle}>
      <summary class="row"><b>{props.whole && loaded === null ? w.showSteps : w.steps(steps.length)}</b><Icon name="fwd" class="flip turns" /></summary>
      {open && steps.length > 0 && (
        <ol>{steps.map((step) => <li key={step.step} data-testid="step" data-id={step.step} data-state={step.state}><Step step={step} /></li>)}</ol>
      )}
      {open && props.whole && loaded === null && problem === null && <p class="small pad" role="status">{w.loadingSteps}</p>}
      {open && loaded?.length === 0 && <p class="small pad">{w.noSteps}</p>}
      {problem !== null && (
        <p class="small pad" role="alert">{problem} <button type="button" class="btn" onClick={load}>{w.tryAgain}</button></p>
      )}
    </details>
  );
}
