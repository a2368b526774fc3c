/** What this device keeps of the thread: one record an entry. */
import type { Body } from "../protocol/generated.ts";

interface Kept {
  readonly seq: number;
  /** As received, verbatim. */
  readonly sealed: string;
  /** The relay's clock; proves nothing. */
  readonly at: string;
  /** The thread's head after this entry, hex. */
  readonly head: string;
}

/** Verified and understood. `said`: its author's clock. `askHash` is set for asks: what an answer must name. */
export interface Genuine extends Kept {
  readonly kind: Body["type"];
  readonly device: string;
  readonly n: number;
  readonly said: string;
  readonly body: Body;
  readonly askHash?: string;
  /** Set where it carries files, so that they can be listed without reading the thread. */
  readonly files?: 1;
}

/** Genuine, and made by a newer version: kept, never acted on. */
export interface Newer extends Kept {
  readonly kind: "newer";
  readonly device: string;
  readonly n: number;
  readonly said: string;
}

/** Could not be verified. */
export interface Void extends Kept {
  readonly kind: "void";
  readonly reason: string;
}

export type Stored = Genuine | Newer | Void;

export function isGenuine(entry: Stored): entry is Genuine {
  return entry.kind !== "void" && entry.kind !== "newer";
}

/** The entries of one body type, in order. */
export function ofKind<K extends Body["type"]>(
  entries: readonly Stored[], kind: K,
): (Genuine & { readonly body: Extract<Body, { type: K }> })[] {
  return entries.filter((entry) => entry.kind === kind) as (Genuine & { readonly body: Extract<Body, { type: K }> })[];
}
