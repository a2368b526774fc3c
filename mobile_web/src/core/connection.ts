/**
 * The link to the relay as a state machine. Total: every event has an answer in every state. The shell (`io/socket.ts`)
 * performs the effects in order and feeds back what comes of them; time and chance come from outside.
 */

import { CLOSE_REMOVED, CLOSE_REPLACED } from "../protocol/generated.ts";

/** Seconds before the first new try; doubled up to the longest. */
const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 60;
/** After a refused hello the tries begin as if this many had failed. */
const TRIES_AFTER_REFUSAL = 5;
/** A try that got no welcome by then is given up. */
export const WELCOME_WITHIN_S = 15;

export type State =
  | { readonly name: "offline"; readonly tries: number }
  | { readonly name: "waiting"; readonly tries: number; readonly seconds: number; readonly problem: string }
  | { readonly name: "connecting"; readonly tries: number }
  | { readonly name: "greeting"; readonly tries: number }
  | { readonly name: "following" }
  /** Another connection of this device took over: stay closed until the person says otherwise. */
  | { readonly name: "replaced" }
  /** The relay says this device was removed: trying again is of no use by itself. */
  | { readonly name: "denied" }
  | { readonly name: "stopped" };

export type Event =
  | { readonly type: "start"; readonly online: boolean }
  | { readonly type: "stop" }
  | { readonly type: "online" }
  | { readonly type: "offline" }
  | { readonly type: "retry" }
  | { readonly type: "timer" }
  | { readonly type: "challenge"; readonly nonce: string }
  | { readonly type: "welcome" }
  /** The relay did not take the hello, and says why. */
  | { readonly type: "refused"; readonly problem: string; readonly chance: number }
  /** `chance` in [0, 1): spreads the tries of many devices. */
  | { readonly type: "closed"; readonly code: number; readonly chance: number };

export type Effect =
  | { readonly type: "open" }
  | { readonly type: "close" }
  | { readonly type: "hello"; readonly nonce: string }
  | { readonly type: "follow" }
  /** Replaces the timer there is. */
  | { readonly type: "timer"; readonly seconds: number }
  | { readonly type: "no_timer" };

type Step = readonly [State, readonly Effect[]];


function connect(tries: number): Step {
  return [{ name: "connecting", tries }, [{ type: "open" }, { type: "timer", seconds: WELCOME_WITHIN_S }]];
}

function wait(tries: number, chance: number, problem: string): Step {
  const longest = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** tries);
  const seconds = longest * (0.5 + chance / 2);
  return [{ name: "waiting", tries: tries + 1, seconds, problem }, [{ type: "timer", seconds }]];
}

function lost(state: State, code: number, chance: number): Step {
  if (code === CLOSE_REPLACED) return [{ name: "replaced" }, [{ type: "no_timer" }]];
  if (code === CLOSE_REMOVED) return [{ name: "denied" }, [{ type: "no_timer" }]];
  return wait("tries" in state ? state.tries : 0, chance, state.name === "following" ? "lost" : "unreachable");
}

const IDLE: readonly Effect[] = [];

export const START: State = { name: "stopped" };

/** The state after an event, and what is to be done. */
export function step(state: State, event: Event): Step {
  const open = state.name === "connecting" || state.name === "greeting" || state.name === "following";
  switch (event.type) {
    case "start":
      if (state.name !== "stopped") return [state, IDLE];
      return event.online ? connect(0) : [{ name: "offline", tries: 0 }, IDLE];
    case "stop":
      return [{ name: "stopped" }, open ? [{ type: "close" }, { type: "no_timer" }] : [{ type: "no_timer" }]];
    case "online":
      return state.name === "offline" || state.name === "waiting" ? connect(state.tries) : [state, IDLE];
    case "offline":
      if (state.name === "stopped" || state.name === "replaced" || state.name === "denied") return [state, IDLE];
      return [{ name: "offline", tries: 0 }, open ? [{ type: "close" }, { type: "no_timer" }] : [{ type: "no_timer" }]];
    case "retry":
      return open || state.name === "stopped" || state.name === "offline" ? [state, IDLE] : connect(0);
    case "timer":
      if (state.name === "waiting") return connect(state.tries);
      if (state.name === "connecting" || state.name === "greeting") {
        const [next, effects] = wait(state.tries, 0.5, "unreachable");
        return [next, [{ type: "close" }, ...effects]];
      }
      return [state, IDLE];
    case "challenge":
      if (state.name !== "connecting") return [state, IDLE];
      return [{ name: "greeting", tries: state.tries }, [{ type: "hello", nonce: event.nonce }]];
    case "welcome":
      return state.name === "greeting" ? [{ name: "following" }, [{ type: "no_timer" }, { type: "follow" }]] : [state, IDLE];
    case "refused": {
      if (!open) return [state, IDLE];
      const [next, effects] = wait("tries" in state ? Math.max(state.tries, TRIES_AFTER_REFUSAL) : TRIES_AFTER_REFUSAL, event.chance, event.problem);
      return [next, [{ type: "close" }, ...effects]];
    }
    case "closed":
      return open ? lost(state, event.code, event.chance) : [state, IDLE];
  }
}
