/** A computer and its relay, small: writes a thread as the host and the phone would, and gives it out as the relay does. */
import { NO_FACTS } from "../../src/core/facts.ts";
import { newDeviceKey, type DeviceKey } from "../../src/io/crypto_keys.ts";
import { Kv } from "../../src/io/kv.ts";
import { sealEntry } from "../../src/protocol/envelope.ts";
import type { Entries } from "../../src/protocol/generated.ts";
import { canonicalJson } from "../../src/protocol/ids.ts";
import * as jose from "../../src/protocol/jose.ts";
import { pastOf } from "../../src/protocol/history.ts";
import type { JsonObject } from "../../src/protocol/parse.ts";
import { firstHead, hashedPart, type Known, type Member, nextHead } from "../../src/protocol/transcript.ts";

export class Computer {
  readonly sealed: string[] = [];
  readonly heads: string[];
  readonly n = new Map<string, number>();
  private made = 0;

  private constructor(
    readonly root: DeviceKey,
    readonly host: DeviceKey,
    readonly phone: DeviceKey,
    readonly key: CryptoKey,
    first: string,
  ) {
    this.heads = [first];
  }

  static async start(): Promise<Computer> {
    const [root, host, phone] = await Promise.all([newDeviceKey(), newDeviceKey(), newDeviceKey()]);
    const key = await jose.secretKey(new Uint8Array(32).fill(1));
    const computer = new Computer(root, host, phone, key, await firstHead(root.id));
    await computer.say("host", { type: "notice", code: "begin", text: "Begin", next: "" });
    await computer.say("host", { type: "device.added", name: "Phone", roster: await computer.roster() });
    return computer;
  }

  get thread(): string {
    return this.root.id;
  }

  private async roster(): Promise<string> {
    const { id: device, jwk } = this.phone;
    const change = { thread: this.thread, epoch: 1, op: "added", device, jwk, role: "client", scopes: ["approve", "write"] };
    return jose.sign(canonicalJson(change), this.root.privateKey, this.thread, "deskhand-roster+jws");
  }

  async seal(who: "host" | "phone", body: JsonObject, n?: number): Promise<string> {
    const device = this[who];
    const number = n ?? (this.n.get(device.id) ?? 0) + 1;
    this.n.set(device.id, number);
    this.made += 1;
    const seq = this.sealed.length;
    const kid = { use: "entry", thread: this.thread, epoch: 1, device: device.id, n: number } as const;
    const whole = { id: String(this.made).padStart(32, "0"), ...body };
    const plain = { n: number, at: "2026-03-01T12:00:00Z", seenSeq: seq, seenHead: this.heads[seq] ?? "", body: whole };
    return sealEntry(plain, kid, this.key, device.privateKey);
  }

  /** The relay stores a text as the next entry. */
  async store(sealed: string): Promise<void> {
    this.heads.push(await nextHead(this.heads.at(-1) ?? "", hashedPart(sealed)));
    this.sealed.push(sealed);
  }

  async say(who: "host" | "phone", body: JsonObject): Promise<string> {
    const sealed = await this.seal(who, body);
    await this.store(sealed);
    return sealed;
  }

  /** What the relay gives of entries `first` to `last`. */
  page(first: number, last = this.sealed.length): Entries {
    const items = this.sealed.slice(first - 1, last).map((sealed) => ({ sealed, at: "2026-03-01T12:00:00Z" }));
    return { type: "entries", first, prev: this.heads[first - 1] ?? "", items };
  }

  /** What the grant gives a phone that joins now. */
  known(): Known {
    const seq = this.sealed.length;
    const member = (device: DeviceKey, part: Partial<Member>): Member =>
      ({ id: device.id, jwk: device.jwk, role: "client", scopes: ["approve", "write"], fromSeq: 3, toSeq: null, n: this.n.get(device.id) ?? 0, ...part });
    return {
      thread: this.thread, root: this.root.jwk, me: this.phone.id, seq, head: this.heads[seq] ?? "", epoch: 1, hostEpoch: 1, gen: 0,
      members: {
        [this.host.id]: member(this.host, { role: "host", scopes: [], fromSeq: 1 }),
        [this.phone.id]: member(this.phone, {}),
      },
      keys: { 1: this.key }, wrapKey: this.key,
    };
  }

  /** A phone's store, joined to the thread as it stands. */
  async joined(name: string): Promise<Kv> {
    const kv = await Kv.open(name);
    const known = this.known();
    await kv.join({ device: this.phone, relay: "https://relay.example", hostName: "Desk" }, known, pastOf(known), NO_FACTS);
    return kv;
  }
}
