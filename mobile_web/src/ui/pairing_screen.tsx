import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";

import type { PairingView } from "../state/view.ts";
import { Command } from "./command.tsx";
import { useDeskhand } from "./deskhand.ts";
import { countdown } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { PushControl } from "./push_control.tsx";
import { TopBar } from "./top_bar.tsx";
import { useNow } from "./use_now.ts";
import { words } from "./words.ts";

const REACHED: Record<PairingView["step"], number> = { none: 0, failed: 0, connecting: 0, waiting_computer: 0, digits: 1, paired: 2 };

function Stage(props: { at: number; reached: number; busy: boolean; title: string; children: ComponentChildren }) {
  const state = props.at < props.reached ? "done" : props.at === props.reached ? "now" : "later";
  const glyph: IconName = state === "done" ? "done" : state === "now" && props.busy ? "run" : state === "now" ? "told" : "queue";
  return (
    <li class="e" aria-current={state === "now" ? "step" : undefined}>
      <Icon name={glyph} class={state === "now" ? "knot on" : state === "later" ? "knot off" : "knot"} />
      <div class="sec"><h2>{props.title}</h2>{props.children}</div>
    </li>
  );
}

function LinkForm() {
  const { actions } = useDeskhand();
  const [link, setLink] = useState("");
  const w = words.value;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (link.trim() !== "") actions.pairFromLink(link.trim());
  };
  return (
    <form class="sec" onSubmit={submit}>
      <label class="label" for="pair-link">{w.pasteLink}</label>
      <input class="field" id="pair-link" data-testid="pair-link" type="url" inputMode="url" autocomplete="off" autocapitalize="off" spellcheck={false}
        placeholder="https://…/#pair=…" value={link} onInput={(event) => setLink(event.currentTarget.value)} />
      <button type="submit" class="btn go" disabled={link.trim() === ""}>{w.pair}</button>
    </form>
  );
}

function Digits(props: { digits: string; expiresAt: string }) {
  const now = useNow(true);
  const w = words.value;
  return (
    <>
      <p class="digits" role="img" data-testid="pair-code" aria-label={props.digits.split("").join(" ")}>
        {props.digits.split("").map((digit, index) => <b key={index}>{digit}</b>)}
      </p>
      <p class="small">{w.digitsWhy} {w.validFor} <b class="num">{countdown(props.expiresAt, now)}</b></p>
    </>
  );
}

/** One screen, one secret, six digits; each failure says what to do next. */
export function PairingScreen() {
  const { view, actions } = useDeskhand();
  const pairing = view.pairing.value;
  const push = view.push.value;
  const w = words.value;
  const reached = REACHED[pairing.step];
  const busy = pairing.step === "connecting" || pairing.step === "waiting_computer" || pairing.step === "digits";
  return (
    <>
      <TopBar title={w.pairTitle} back={view.paired.value === true ? actions.back : null} />
      <main class="page" aria-live="polite">
        {pairing.step === "failed" && (
          <div class="note hard" role="alert" data-state={pairing.reason}>
            <Icon name="fail" /><span><b>{w.pairFailed[pairing.reason]}</b> {pairing.remedy}</span>
          </div>
        )}
        {reached === 0 && !busy && push.state === "needs_install" && <p class="note small"><Icon name="phone" /><span><b>{w.push.needs_install}</b> {push.remedy}</span></p>}
        <ol class="thread hops" data-state={pairing.step}>
          <Stage at={0} reached={reached} busy={busy} title={w.openLink}>
            {reached > 0 && <p class="small">{w.linkRead}</p>}
            {pairing.step === "connecting" && <p class="small" role="status">{w.connectingPair}</p>}
            {pairing.step === "waiting_computer" && <p class="small" role="status">{w.waitingComputer}</p>}
            {reached === 0 && !busy && <><p class="small">{w.openLinkHow}</p><Command text="deskhand pair" /><LinkForm /></>}
          </Stage>
          <Stage at={1} reached={reached} busy={busy} title={w.typeDigits}>
            {pairing.step === "digits" ? <Digits digits={pairing.digits} expiresAt={pairing.expiresAt} /> : <p class="small">{reached > 1 ? w.digitsMatched : w.digitsLater}</p>}
          </Stage>
          <Stage at={2} reached={reached} busy={false} title={w.notifications}>
            {pairing.step === "paired" ? <PushControl /> : <p class="small">{w.notificationsLater}</p>}
          </Stage>
        </ol>
        {busy && <p class="btns"><button type="button" class="btn wide" onClick={actions.cancelPairing}>{w.cancelPairing}</button></p>}
        {pairing.step === "paired" && (
          <section class="sec" role="status">
            <p>{w.pairedWith(pairing.computer)}</p>
            <button type="button" class="btn go" onClick={() => actions.navigate({ screen: "thread" })}>{w.toThread}</button>
          </section>
        )}
      </main>
    </>
  );
}
