/** From a verdict to what is kept. */
import { filesOf } from "../core/files.ts";
import type { Genuine, Stored } from "../core/records.ts";
import type { Plaintext } from "../protocol/envelope.ts";
import { hex, sha256 } from "../protocol/ids.ts";
import * as jose from "../protocol/jose.ts";
import { asBody, strictJson } from "../protocol/parse.ts";
import { hashedPart, ROSTER_TYP } from "../protocol/transcript.ts";

type Opened =
  | { readonly kind: "genuine"; readonly device: string; readonly plain: Plaintext; readonly newer: boolean }
  | { readonly kind: "void"; readonly reason: string };

export async function record(seq: number, sealed: string, at: string, head: string, verdict: Opened): Promise<Stored> {
  const kept = { seq, sealed, at, head };
  if (verdict.kind === "void") return { ...kept, kind: "void", reason: verdict.reason };
  const { device, plain } = verdict;
  const said = { device, n: plain.n, said: plain.at };
  if (verdict.newer) return { ...kept, ...said, kind: "newer" };
  const body = asBody(plain.body);
  const entry: Genuine = { ...kept, ...said, kind: body.type, body };
  const askHash = body.type === "ask" ? { askHash: hex(await sha256(hashedPart(sealed))) } : {};
  const files = filesOf(entry).length > 0 ? ({ files: 1 } as const) : {};
  return { ...entry, ...askHash, ...files };
}

/** The device that a verified `device.added` is about. */
export function rosterDevice(entry: Stored): string | undefined {
  if (entry.kind !== "device.added" || entry.body.type !== "device.added") return undefined;
  const { device } = strictJson(jose.parseSigned(entry.body.roster, ROSTER_TYP).payload);
  return typeof device === "string" ? device : undefined;
}
