/** Live frames as they stand: text being written, steps under way, how the computer is. Lost without harm. */
import type { LiveBody, LiveStatus, LiveStep } from "../protocol/generated.ts";

export interface LiveText {
  readonly inReplyTo: string;
  readonly task: string | null;
  readonly text: string;
  readonly at: string;
}

export interface LiveState {
  readonly texts: ReadonlyMap<string, LiveText>;
  readonly steps: ReadonlyMap<string, readonly LiveStep[]>;
  readonly status: LiveStatus | null;
  /** Highest frame number seen of each stream: what is not above it is an old or repeated frame. */
  readonly last: ReadonlyMap<string, number>;
  /** Streams whose text has become an entry. */
  readonly ended: ReadonlySet<string>;
}

export const NO_LIVE: LiveState = { texts: new Map(), steps: new Map(), status: null, last: new Map(), ended: new Set() };

const MAX_STREAMS = 200;
const MAX_STEPS = 500;

/** A verified live frame of the computer. */
export function heard(state: LiveState, stream: string, i: number, body: LiveBody, at: string): LiveState {
  if (i <= (state.last.get(stream) ?? 0)) return state;
  const next = { ...state, last: bounded(state.last, stream, i) };
  switch (body.type) {
    case "status":
      return { ...next, status: body };
    case "step": {
      const steps = state.steps.get(body.task) ?? [];
      const known = steps.some((step) => step.step === body.step);
      const merged = known ? steps.map((step) => (step.step === body.step ? { ...step, ...body } : step)) : [...steps, body];
      return { ...next, steps: bounded(state.steps, body.task, merged.slice(-MAX_STEPS)) };
    }
    case "text": {
      if (state.ended.has(stream)) return next;
      const text = spliced(state.texts.get(stream)?.text ?? "", body.offset, body.text);
      if (text === null) return next;
      const known = state.texts.get(stream)?.at ?? at;
      return { ...next, texts: bounded(state.texts, stream, { inReplyTo: body.in_reply_to, task: body.task ?? null, text, at: known }) };
    }
    case "tail":
    case "tail.ask":
      return next;
  }
}

/** `part` at `offset` Unicode code points of `whole`; null where something in between was missed. */
export function spliced(whole: string, offset: number, part: string): string | null {
  if (offset === 0) return part;
  let points = 0;
  let units = 0;
  while (points < offset) {
    if (units >= whole.length) return null;
    units += (whole.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
    points += 1;
  }
  return whole.slice(0, units) + part;
}

/** An entry says for good what streams have been saying. */
export function settled(state: LiveState, said: { readonly inReplyTo: string | null; readonly task: string | null }): LiveState {
  const over = [...state.texts].filter(([, live]) => (said.task === null ? live.task === null && live.inReplyTo === said.inReplyTo : live.task === said.task));
  if (over.length === 0) return state;
  const texts = new Map(state.texts);
  for (const [stream] of over) texts.delete(stream);
  return { ...state, texts, ended: new Set([...state.ended, ...over.map(([stream]) => stream)].slice(-MAX_STREAMS)) };
}

/** The computer is gone: nothing it was saying goes on. */
export function silenced(state: LiveState): LiveState {
  return { ...state, texts: new Map(), status: null };
}

function bounded<V>(map: ReadonlyMap<string, V>, key: string, value: V): Map<string, V> {
  const next = new Map(map);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= MAX_STREAMS) break;
    next.delete(oldest);
  }
  return next;
}
