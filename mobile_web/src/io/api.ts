/** The relay's HTTP twins: token, old pages, sealed files, pairing slots, push. */
import { Malformed } from "../protocol/errors.ts";
import type { Entries, PushOutcome, Subscription, Token } from "../protocol/generated.ts";
import { canonicalJson } from "../protocol/ids.ts";
import * as jose from "../protocol/jose.ts";
import { conforms } from "../protocol/parse.ts";
import type { DeviceKey } from "./crypto_keys.ts";

/** The relay, or the way to it, says no. `code` is the relay's own, `offline` where there was no answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const HELLO_TYP = "deskhand-hello+jws";
/** A token is renewed this long before it ends. */
const MARGIN_MS = 30_000;
const TOKEN_LIFETIME_MS = 600_000;

/** The hello of a device, over a nonce of the relay. */
export async function hello(device: DeviceKey, thread: string, relay: string, nonce: string): Promise<string> {
  const claim = canonicalJson({ nonce, aud: relay, thread, device: device.id });
  return jose.sign(claim, device.privateKey, device.id, HELLO_TYP);
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError("offline", "The relay does not answer. Check the connection and try again.");
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; message?: unknown };
  const code = typeof problem.code === "string" ? problem.code : "unavailable";
  const message = typeof problem.message === "string" ? problem.message : `The relay answered ${response.status}. Try again in a moment.`;
  throw new ApiError(code, message);
}

// ------------------------------------------------------------------------------------------------ without a device ---

/** The text of a pairing slot, waited for; null where it is still empty. Throws `ApiError` not_found when it is over. */
export async function pairingSlot(pairing: string, slot: "host" | "accept" | "grant", signal: AbortSignal): Promise<string | null> {
  const response = await ask(`/v1/pairings/${pairing}/${slot}?wait=1`, { signal });
  return response.status === 204 ? null : response.text();
}

export async function putOffer(pairing: string, text: string, signal: AbortSignal): Promise<void> {
  await ask(`/v1/pairings/${pairing}/offer`, { method: "PUT", body: text, headers: { "Content-Type": "text/plain" }, signal });
}

// --------------------------------------------------------------------------------------------------- with a device ---

export class Api {
  private token: string | null = null;
  private until = 0;

  constructor(
    private readonly device: DeviceKey,
    private readonly thread: string,
    private readonly relay: string,
  ) {}

  /** A token that came with the socket's welcome. */
  useToken(token: string): void {
    this.token = token;
    this.until = Date.now() + TOKEN_LIFETIME_MS - MARGIN_MS;
  }

  private async renew(): Promise<string> {
    const { nonce } = (await (await ask("/v1/challenge")).json()) as { nonce: string };
    const jws = await hello(this.device, this.thread, this.relay, nonce);
    const given = checked<Token>("Token", await (await ask("/v1/token", json("POST", { jws }))).json());
    this.useToken(given.token);
    return given.token;
  }

  private async call(path: string, init: RequestInit = {}): Promise<Response> {
    const held = this.token !== null && Date.now() < this.until ? this.token : await this.renew();
    const withToken = (token: string) => ({ ...init, headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${token}` } });
    try {
      return await ask(path, withToken(held));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "unauthorized") throw error;
      return ask(path, withToken(await this.renew()));
    }
  }

  /** The page of at most `limit` entries just below `before`. */
  async entriesBefore(before: number, limit: number): Promise<Entries> {
    const page = (await (await this.call(`/v1/entries?before=${before}&limit=${limit}`)).json()) as object;
    return checked("Entries", { ...page, type: "entries" });
  }

  /** How many bytes of a sealed file have arrived; null where it is complete. */
  async uploaded(blob: string): Promise<number | null> {
    const token = this.token !== null && Date.now() < this.until ? this.token : await this.renew();
    const response = await fetch(`/v1/blobs/${blob}`, { method: "HEAD", headers: { Authorization: `Bearer ${token}` } });
    if (response.ok) return null;
    return Number(response.headers.get("Upload-Offset") ?? 0);
  }

  /** Send a part of a sealed file that begins at `offset`. */
  async upload(blob: string, offset: number, total: number, part: Uint8Array<ArrayBuffer>): Promise<void> {
    const range = `bytes ${offset}-${offset + part.length - 1}/${total}`;
    await this.call(`/v1/blobs/${blob}`, {
      method: "PUT", body: part, headers: { "Content-Range": range, "Content-Type": "application/octet-stream" },
    });
  }

  /** A whole sealed file, its arrival told in bytes. */
  async download(blob: string, onBytes: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.call(`/v1/blobs/${blob}`);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const part of chunks(response)) {
      parts.push(part);
      onBytes((bytes += part.length));
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  async subscribe(subscription: Subscription): Promise<void> {
    await this.call("/v1/push", json("PUT", subscription));
  }

  async unsubscribe(): Promise<void> {
    await this.call("/v1/push", { method: "DELETE" });
  }

  /** Wake this device now; says what the push service answered. */
  async testPush(): Promise<PushOutcome> {
    return checked("PushOutcome", await (await this.call("/v1/push/test", json("POST", {}))).json());
  }

  /** What the push service answered, newest first. */
  async pushLog(): Promise<readonly PushOutcome[]> {
    const { items } = (await (await this.call("/v1/push/log")).json()) as { items?: unknown };
    return Array.isArray(items) ? items.map((line) => checked<PushOutcome>("PushOutcome", line)) : [];
  }
}

function checked<T>(name: "Token" | "Entries" | "PushOutcome", value: unknown): T {
  if (!conforms(name, value)) throw new Malformed("an answer of the relay has the wrong form");
  return value as T;
}

function json(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

async function* chunks(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
