/** What the tab with the link does: socket, mirror, sender, live frames. Ends with the lock. */
import { batch } from "@preact/signals";

import type { State } from "../core/connection.ts";
import { heard, silenced } from "../core/live.ts";
import type { Outbox } from "../core/outbox.ts";
import { AWAY_AFTER_MS, hostPresent, type Status } from "../core/status.ts";
import { type Api, hello } from "../io/api.ts";
import { Mirror } from "../io/mirror.ts";
import { Sender } from "../io/sender.ts";
import { Link } from "../io/socket.ts";
import { upload } from "../io/transfer.ts";
import { openLive, sealLive } from "../protocol/envelope.ts";
import type { FromRelay, Live, LiveBody, Tail, Welcome } from "../protocol/generated.ts";
import { newHexId } from "../protocol/ids.ts";
import { parseLive } from "../protocol/parse.ts";
import { type Known, type Member, readRoster } from "../protocol/transcript.ts";
import type { Base, Joined } from "./base.ts";

export type Told =
  | { readonly type: "changed" }
  | { readonly type: "status"; readonly status: Status }
  | { readonly type: "live"; readonly stream: string; readonly i: number; readonly body: LiveBody; readonly at: string };

export interface LeaderEnds {
  tell(message: Told): void;
  /** Whether a person has the thread before them, in any tab. */
  looking(): boolean;
  onWelcome(welcome: Welcome): void;
  onTrouble(code: string, message: string): void;
  /** Root says that this device is removed. */
  onRemoved(): void;
  /** The store was written by somebody else, or refused to be: this leader has ended. */
  onBroken(error: unknown): void;
}

const TAIL_VALID_MS = 10_000;
const HELD_BACK_AFTER_MS = 5_000;
/** A phone that slept keeps sockets that lead nowhere: its relay answers by then, or is asked anew. */
const ANSWER_WITHIN_MS = 8_000;

export class Leader {
  private readonly link: Link;
  private readonly mirror: Mirror;
  private readonly sender: Sender;
  private welcome: Welcome | null = null;
  private known: Known;
  private awayTimer: ReturnType<typeof setTimeout> | undefined;
  private asked: { readonly nonce: string; readonly at: number } | null = null;
  private readonly stream = newHexId();
  private sent = 0;
  private frames = 0;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: Base,
    private readonly joined: Joined,
    private readonly api: Api,
    private readonly ends: LeaderEnds,
  ) {
    const { identity, known } = joined;
    this.known = known;
    this.link = new Link({
      url: `${identity.relay.replace(/^http/, "ws")}/v1/thread`,
      hello: (nonce) => hello(identity.device, known.thread, identity.relay, nonce),
      after: () => this.known.seq,
      onState: (state) => this.connectionIs(state),
      onWelcome: (welcome) => this.welcomed(welcome),
      onFrame: (frame) => void this.received(frame),
    });
    this.mirror = new Mirror(base.kv, known, base.newFacts.value, {
      onStored: (entries, after, said, outbox) => {
        this.known = after;
        this.dropCopies(base.outbox.value, outbox);
        batch(() => {
          base.joined.value = { ...(base.joined.value ?? joined), known: after };
          base.newFacts.value = said;
          base.outbox.value = outbox;
          base.frozen.value = null;
          base.append(entries);
        });
        this.ends.tell({ type: "changed" });
        this.sender.kick();
      },
      onFrozen: (frozen) => {
        base.frozen.value = frozen;
        this.ends.tell({ type: "changed" });
      },
      onProblem: (error) => this.ends.onBroken(error),
    });
    this.sender = new Sender(base.kv, identity.device, {
      known: () => this.known,
      ready: () => this.base.frozen.value === null && this.welcome !== null && this.known.seq >= this.welcome.seq,
      send: (frame) => this.link.send(frame),
      upload: (copy, message) => this.upload(copy, message),
      onOutbox: (outbox) => {
        base.outbox.value = outbox;
        this.ends.tell({ type: "changed" });
      },
      onTrouble: (code, message) => this.ends.onTrouble(code, message),
    });
  }

  start(): void {
    void this.base.kv.sweepCopies();
    this.link.start();
  }

  stop(): void {
    clearTimeout(this.awayTimer);
    clearTimeout(this.silence);
    this.sender.stop();
    this.link.stop();
  }

  retry(): void {
    this.link.retry();
  }

  /** The outbox has something new. */
  kick(): void {
    this.sender.kick();
  }

  /** Say whether a person looks. The relay answers with who is there; where it does not, the connection is dead. */
  look(): void {
    const heard = this.frames;
    if (!this.link.send({ type: "looking", looking: this.ends.looking() })) return;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (this.frames === heard) this.link.reconnect();
    }, ANSWER_WITHIN_MS);
  }

  /** Ask the computer, signed, how long the thread really is. */
  async askTail(): Promise<void> {
    const { known } = this;
    const key = known.keys[known.epoch];
    if (key === undefined) return;
    const nonce = newHexId();
    this.sent += 1;
    const kid = { use: "live", thread: known.thread, epoch: known.epoch, device: known.me, stream: this.stream, i: this.sent } as const;
    const body = { type: "tail.ask", nonce };
    const sealed = await sealLive(body, new Date().toISOString(), kid, key, this.joined.identity.device.privateKey);
    this.asked = { nonce, at: Date.now() };
    this.link.send({ type: "live", stream: this.stream, sealed });
  }

  private set(change: Partial<Status>): void {
    this.base.status.value = { ...this.base.status.value, ...change };
    this.ends.tell({ type: "status", status: this.base.status.value });
  }

  private connectionIs(connection: State): void {
    const following = connection.name === "following";
    if (!following) {
      clearTimeout(this.awayTimer);
      clearTimeout(this.silence);
      this.base.live.value = silenced(this.base.live.value);
      this.welcome = null;
    }
    this.set({ connection, since: Date.now(), ...(following ? {} : { present: null, away: false }) });
    if (!following) return;
    this.mirror.again();
    this.look();
    this.watchHost();
    void this.sender.resend().then(() => this.sender.kick());
    void this.askTail();
  }

  private welcomed(welcome: Welcome): void {
    this.welcome = welcome;
    this.api.useToken(welcome.token);
    this.set({ clockOffS: Math.round((Date.now() - Date.parse(welcome.time)) / 1000) });
    this.ends.onWelcome(welcome);
  }

  private async received(frame: FromRelay): Promise<void> {
    this.frames += 1;
    switch (frame.type) {
      case "entries":
        return this.mirror.take(frame);
      case "ack":
        return this.sender.acked(frame.n);
      case "live":
        return this.heard(frame);
      case "presence":
        this.set({ present: frame.devices });
        return this.watchHost();
      case "error":
        if (frame.code === "behind") return this.mirror.behind(frame.message);
        if (frame.code === "removed") return this.removed(frame.roster ?? null);
        return this.sender.failed(frame);
      default:
        return;
    }
  }

  private get host(): Member | undefined {
    return Object.values(this.known.members).find((member) => member.role === "host" && member.toSeq === null);
  }

  /** Away is what stays away for a while; a computer that changes networks is not. */
  private watchHost(): void {
    clearTimeout(this.awayTimer);
    if (hostPresent(this.base.status.value, this.host?.id ?? "")) {
      this.set({ away: false, hostSeen: new Date().toISOString() });
      return;
    }
    if (this.base.status.value.hostSeen === null) this.set({ hostSeen: this.base.facts.value.hostSaid });
    this.awayTimer = setTimeout(() => {
      this.base.live.value = silenced(this.base.live.value);
      this.set({ away: true });
    }, AWAY_AFTER_MS);
  }

  /** Live frames of the computer, verified; what is not right is dropped without harm. */
  private async heard(frame: Live): Promise<void> {
    const { known, host } = this;
    const key = known.keys[known.epoch];
    if (host === undefined || key === undefined || (frame as { from?: string }).from !== host.id) return;
    try {
      const { kid, body } = await openLive(frame.sealed, key, host.jwk);
      const live = parseLive(body);
      if (live === null || kid.thread !== known.thread || kid.epoch !== known.epoch || kid.device !== host.id || kid.stream !== frame.stream) return;
      if (live.type === "tail") return await this.tail(live);
      const at = new Date().toISOString();
      this.base.live.value = heard(this.base.live.value, kid.stream, kid.i, live, at);
      this.ends.tell({ type: "live", stream: kid.stream, i: kid.i, body: live, at });
    } catch {
      return;
    }
  }

  private async tail(tail: Tail): Promise<void> {
    const { asked } = this;
    if (asked === null || tail.nonce !== asked.nonce || tail.asker !== this.known.me || Date.now() - asked.at > TAIL_VALID_MS) return;
    const check = async () => {
      if (tail.seq > this.known.seq) return false;
      const head = tail.seq === this.known.seq ? this.known.head : await this.base.kv.head(tail.seq);
      return head === null || head === tail.head;
    };
    if (await check()) this.set({ upToDateAt: new Date(asked.at).toISOString(), heldBack: false });
    else setTimeout(() => void check().then((good) => this.set(good ? { upToDateAt: new Date(asked.at).toISOString(), heldBack: false } : { heldBack: true })), HELD_BACK_AFTER_MS);
  }

  /** What is verified in the thread needs its private copies no more. */
  private dropCopies(before: Outbox, after: Outbox): void {
    const needed = new Set(after.flatMap((item) => item.copies));
    const over = before.flatMap((item) => item.copies).filter((id) => !needed.has(id));
    if (over.length > 0) void this.base.kv.dropCopies(over);
  }

  private async upload(id: string, message: string): Promise<string | null> {
    const copy = await this.base.kv.copy(id);
    if (copy === undefined) return null;
    if (copy.begun !== true) await this.base.kv.putCopy({ ...copy, begun: true });
    return upload(this.api, this.known.thread, copy, (percent) => this.base.progress("uploads", message, percent));
  }

  /** Wiped only on root's word, never on the relay's. */
  private async removed(roster: string | null): Promise<void> {
    try {
      const change = await readRoster(roster ?? "", this.known.root);
      if (change.op === "removed" && change.device === this.known.me) this.ends.onRemoved();
    } catch {
      return;
    }
  }
}
