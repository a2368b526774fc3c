import type { HeaderView, LinkView } from "../state/view.ts";
import { Command } from "./command.tsx";
import { useDeskhand } from "./deskhand.ts";
import { clock, when } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { stateWords } from "./presence.tsx";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

type Fitness = "fine" | "busy" | "broken" | "unknown";

export interface Hops {
  readonly phone: Fitness;
  readonly relay: Fitness;
  readonly computer: Fitness;
}

/** The first broken hop hides what is behind it: that is unknown, not broken. */
export function hops(link: LinkView): Hops {
  if (link.phone === "offline") return { phone: "broken", relay: "unknown", computer: "unknown" };
  if (link.relay === "connecting") return { phone: "fine", relay: "busy", computer: "unknown" };
  if (link.relay !== "connected") return { phone: "fine", relay: "broken", computer: "unknown" };
  if (link.heldBack) return { phone: "fine", relay: "broken", computer: "fine" };
  const computer = link.computer === "present" ? "fine" : link.computer === "away" ? "broken" : "unknown";
  return { phone: "fine", relay: "fine", computer };
}

const KNOTS: Record<Fitness, IconName> = { fine: "done", busy: "run", broken: "fail", unknown: "queue" };
const COLOURS: Record<Fitness, string> = { fine: "knot", busy: "knot on", broken: "knot bad", unknown: "knot off" };

function Hop(props: { name: string; id: string; fitness: Fitness; text: string }) {
  return (
    <li class="e" data-id={props.id} data-state={props.fitness}>
      <Icon name={KNOTS[props.fitness]} class={COLOURS[props.fitness]} />
      <h2 class={props.fitness === "broken" ? "bad" : ""}>{props.name}<span class="vh">: {words.value.fitness[props.fitness]}</span></h2>
      <p class="small">{props.text}</p>
    </li>
  );
}

function relayText(link: LinkView): string {
  const w = words.value;
  if (link.heldBack) return w.relayHeldBack;
  if (link.relay === "waiting" && link.nextTryAt !== undefined) return `${link.problem ?? w.relay.waiting} ${w.nextTry(clock(link.nextTryAt))}`;
  return link.problem ?? w.relay[link.relay];
}

function computerText(header: HeaderView, link: LinkView): string {
  const seen = link.computerSeen === undefined ? "" : ` ${words.value.lastSeen(when(link.computerSeen))}`;
  return link.computer === "unknown" ? `${words.value.computerUnknown}${seen}` : `${stateWords(header)}.${link.computer === "away" ? seen : ""}`;
}

/** The way of a message, and the one place where it stops. */
export function DiagnosisScreen() {
  const { view, actions } = useDeskhand();
  const link = view.link.value;
  const header = view.header.value;
  const name = header.name || words.value.yourComputer;
  const w = words.value;
  const fit = hops(link);
  const broken = (["phone", "relay", "computer"] as const).find((hop) => fit[hop] === "broken");
  const waiting = view.thread.value.items.filter((item) => item.type === "message" && item.canCancel);
  return (
    <>
      <TopBar title={w.diagnosis} note={link.upToDateAt === undefined ? undefined : w.upToDate(when(link.upToDateAt))}>
        <button type="button" class="ib" aria-label={w.checkAgain} onClick={actions.retry}><Icon name="repeat" /></button>
      </TopBar>
      <main class="page">
        <p class={broken === undefined ? "note" : "note hard"} role="status" data-state={broken ?? "fine"}>
          <Icon name={broken === undefined ? "check" : broken === "computer" ? "computer" : "warn"} />
          <span>{broken === undefined ? w.allFine(name) : <><b>{w.stopsAt[broken](name)}</b> {w.stopsMore[broken]}</>}</span>
        </p>
        <ol class="thread hops" aria-label={w.wayOfMessage}>
          <Hop id="phone" name={w.thisPhone} fitness={fit.phone} text={link.phone === "online" ? w.phoneOnline : w.phoneOffline} />
          <Hop id="relay" name={`${w.relayName} ${link.relayHost}`} fitness={fit.relay} text={relayText(link)} />
          <Hop id="computer" name={name} fitness={fit.computer} text={computerText(header, link)} />
        </ol>
        <section class="sec">
          <h2>{w.whatToDo}</h2>
          <p>{link.remedy ?? (broken === undefined ? w.nothingToDo : w.remedy[broken])}</p>
          {broken !== "phone" && <><p class="small">{w.doctor}</p><Command text="deskhand doctor" /></>}
          {link.clockOffS !== undefined && <p class="note hard small"><Icon name="clock" /><span>{w.clockOff(Math.round(link.clockOffS / 60))}</span></p>}
        </section>
        {waiting.length > 0 && (
          <section class="sec">
            <h2>{w.waitingFor(name)}</h2>
            <ul class="rows">
              {waiting.map((item) => item.type === "message" && (
                <li key={item.key} class="row">
                  <Icon name={item.receipt.kind === "on_phone" ? "r0" : "r1"} />
                  <span><span class="two-lines"><bdi>{item.text}</bdi></span><span class="meta">{w.droppedBy(when(item.expiresAt))}</span></span>
                  <button type="button" class="btn" onClick={() => actions.cancel(item.id)}>{w.cancel}</button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </main>
    </>
  );
}
