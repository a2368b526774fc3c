/** The way to the computer, hop by hop, as the tab with the link sees it and as it is shown. */
import type { LiveStatus, Present } from "../protocol/generated.ts";
import type { ComputerState, HeaderView, LinkView } from "../state/view.ts";
import type { State } from "./connection.ts";

/** A computer that is not there for this long is away. */
export const AWAY_AFTER_MS = 10_000;
const CLOCK_TOLERANCE_S = 120;

export interface Status {
  readonly connection: State;
  /** When the state of the connection began, ms. */
  readonly since: number;
  readonly present: readonly Present[] | null;
  /** When the computer was last present, RFC 3339. */
  readonly hostSeen: string | null;
  /** It has been gone for `AWAY_AFTER_MS`. */
  readonly away: boolean;
  readonly upToDateAt: string | null;
  readonly heldBack: boolean;
  /** This device's clock minus the relay's, seconds. */
  readonly clockOffS: number;
}

export const NO_STATUS: Status = {
  connection: { name: "stopped" }, since: 0, present: null, hostSeen: null, away: false, upToDateAt: null, heldBack: false, clockOffS: 0,
};

export function hostPresent(status: Status, host: string): boolean {
  return status.present?.some((one) => one.device === host) ?? false;
}

interface Facing {
  readonly host: string;
  readonly name: string;
  readonly paused: boolean;
  readonly live: LiveStatus | null;
  readonly hostSaid: string | null;
}

export function header(status: Status, { host, name, paused, live, hostSaid }: Facing): HeaderView {
  const present = hostPresent(status, host);
  const state = computer(status, present, paused, live);
  const shown = present ? live : null;
  return {
    name: shown?.name || name,
    state,
    since: state === "asleep" || state === "unreachable" ? (status.hostSeen ?? hostSaid ?? undefined) : undefined,
    running: shown?.running ?? 0,
    queued: shown?.queued ?? 0,
    brain: shown?.brain,
  };
}

function computer(status: Status, present: boolean, paused: boolean, live: LiveStatus | null): ComputerState {
  switch (status.connection.name) {
    case "following":
      if (present) return live?.state ?? (paused ? "paused" : "awake");
      return status.away ? "asleep" : "connecting";
    case "connecting":
    case "greeting":
      return status.connection.tries === 0 ? "connecting" : "unreachable";
    case "stopped":
      return "connecting";
    default:
      return "unreachable";
  }
}

export function link(status: Status, host: string, relayHost: string): LinkView {
  const { connection } = status;
  const following = connection.name === "following";
  const problem = connection.name === "waiting" && connection.problem.includes(" ") ? connection.problem : undefined;
  return {
    phone: connection.name === "offline" ? "offline" : "online",
    relay: relay(connection),
    relayHost,
    nextTryAt: connection.name === "waiting" ? new Date(status.since + connection.seconds * 1000).toISOString() : undefined,
    problem,
    remedy: remedy(connection),
    computer: !following || status.present === null ? "unknown" : hostPresent(status, host) ? "present" : "away",
    computerSeen: status.hostSeen ?? undefined,
    upToDateAt: status.upToDateAt ?? undefined,
    heldBack: status.heldBack,
    clockOffS: Math.abs(status.clockOffS) > CLOCK_TOLERANCE_S ? status.clockOffS : undefined,
  };
}

function relay(connection: State): LinkView["relay"] {
  switch (connection.name) {
    case "following":
      return "connected";
    case "replaced":
      return "elsewhere";
    case "denied":
      return "refused";
    case "waiting":
      return connection.problem.includes(" ") ? "refused" : "waiting";
    case "offline":
      return "waiting";
    default:
      return "connecting";
  }
}

function remedy(connection: State): string | undefined {
  switch (connection.name) {
    case "offline":
      return "Check Wi-Fi or mobile data. What you write is kept here and sent later.";
    case "waiting":
      return "Run `deskhand doctor` at the computer if this stays: it names what is wrong with the relay.";
    case "replaced":
      return "Close Deskhand elsewhere on this device, then try again.";
    case "denied":
      return "Pair this device anew with `deskhand pair` at the computer.";
    default:
      return undefined;
  }
}
