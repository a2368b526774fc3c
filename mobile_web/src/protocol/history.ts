/**
 * Older pages, for a device that joined later (SPEC 4.10): they are genuine if hashing them from the head before them
 * reaches a head this device already trusts. Read from new to old, so each device's counter runs down.
 */
import { parseEntry, type Plaintext } from "./envelope.ts";
import { Malformed } from "./errors.ts";
import { type Known, maySign, nextHead, hashedPart, openChecked } from "./transcript.ts";

/** How far down the history is held. */
export interface PastCursor {
  /** The lowest seq held; what comes next is below it. */
  readonly before: number;
  /** The trusted head just before it. */
  readonly head: string;
  /** Of each device the number its next older entry should have, and where the number above that was counted. */
  readonly counters: Readonly<Record<string, { readonly n: number; readonly at: number | null }>>;
}

export interface PastEntry {
  readonly seq: number;
  readonly head: string;
  readonly sealed: string;
  readonly verdict:
    | { readonly kind: "genuine"; readonly device: string; readonly plain: Plaintext; readonly newer: boolean }
    | { readonly kind: "void"; readonly reason: string };
}

export interface PastPage {
  readonly cursor: PastCursor;
  readonly entries: readonly PastEntry[];
  /** Entries taken for genuine before that turn out to be repetitions of one further up. */
  readonly repeated: readonly number[];
}

/** Where history begins for a device that knows the thread from here on. */
export function pastOf(known: Known): PastCursor {
  const counters = Object.values(known.members).map((member) => [member.id, { n: member.n, at: null }]);
  return { before: known.seq + 1, head: known.head, counters: Object.fromEntries(counters) };
}

/** Verify and open the page just below `cursor`. Throws `Malformed` where the relay's page does not belong there. */
export async function readPast(
  known: Known, cursor: PastCursor, first: number, prev: string, sealed: readonly string[],
): Promise<PastPage> {
  if (sealed.length === 0 || first < 1 || first + sealed.length !== cursor.before || !/^[0-9a-f]{64}$/.test(prev)) {
    throw new Malformed("the relay sent another page than the one asked for");
  }
  const heads = [prev];
  for (const text of sealed) heads.push(await nextHead(heads.at(-1) ?? prev, hashedPart(text)));
  if (heads.at(-1) !== cursor.head) throw new Malformed("an old page of the relay does not lead to this thread");
  const counters = { ...cursor.counters };
  const entries = new Map<number, PastEntry>();
  const repeated: number[] = [];
  for (let index = sealed.length - 1; index >= 0; index -= 1) {
    const seq = first + index;
    const text = sealed[index] ?? "";
    const judged = await judgePast(known, counters, seq, text);
    if (judged.repeated !== null) {
      const wrong = entries.get(judged.repeated);
      if (wrong === undefined) repeated.push(judged.repeated);
      else entries.set(wrong.seq, { ...wrong, verdict: { kind: "void", reason: "a repetition" } });
    }
    entries.set(seq, { seq, head: heads[index + 1] ?? prev, sealed: text, verdict: judged.verdict });
  }
  return {
    cursor: { before: first, head: prev, counters },
    entries: [...entries.values()].sort((a, b) => a.seq - b.seq),
    repeated,
  };
}

type Counters = Record<string, { readonly n: number; readonly at: number | null }>;

async function judgePast(
  known: Known, counters: Counters, seq: number, sealed: string,
): Promise<{ verdict: PastEntry["verdict"]; repeated: number | null }> {
  const aside = (reason: string) => ({ verdict: { kind: "void" as const, reason }, repeated: null });
  try {
    const entry = parseEntry(sealed);
    const { device, epoch, n } = entry.kid;
    const member = Object.hasOwn(known.members, device) ? known.members[device] : undefined;
    const counter = counters[device];
    if (member === undefined || counter === undefined || !(await maySign(known.thread, seq, entry, member))) {
      return aside("not signed by a device of this thread");
    }
    // The same number met again further up is the one that counted: the later one was its repetition.
    const again = n === counter.n + 1 && counter.at !== null;
    if (n !== counter.n && !again) return aside("a repetition");
    counters[device] = { n: n - 1, at: seq };
    const repeated = again ? counter.at : null;
    const key = known.keys[epoch];
    if (epoch !== epochAt(known, seq) || key === undefined) {
      return { ...aside("sealed under an epoch that was not current"), repeated };
    }
    try {
      const { plain, newer } = await openChecked(entry, member, key);
      return { verdict: { kind: "genuine", device, plain, newer }, repeated };
    } catch (error) {
      if (error instanceof Malformed) return { ...aside(error.message), repeated };
      throw error;
    }
  } catch (error) {
    if (error instanceof Malformed) return aside(error.message);
    throw error;
  }
}

/** Each removal raised the epoch by one, from the seq after it. */
function epochAt(known: Known, seq: number): number {
  return known.epoch - Object.values(known.members).filter((member) => member.toSeq !== null && member.toSeq >= seq).length;
}
