/** The socket to the relay: performs what `core/connection.ts` decides. */
import { type Effect, type Event, START, type State, step } from "../core/connection.ts";
import type { Append, FromRelay, Live, Looking, Resume, Welcome } from "../protocol/generated.ts";
import { PROTOCOL_VERSION } from "../protocol/generated.ts";
import { parseFrame } from "../protocol/parse.ts";

export interface LinkEnds {
  /** `wss://…/v1/thread`. */
  readonly url: string;
  /** The signed hello for a nonce. */
  hello(nonce: string): Promise<string>;
  /** Where to go on from, asked at each welcome. */
  after(): number;
  onState(state: State): void;
  onWelcome(welcome: Welcome): void;
  onFrame(frame: FromRelay): void;
}

type Outgoing = Append | Live | Looking | Resume;

const CLOSED_BY_US = 1000;

export class Link {
  private state: State = START;
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly online = () => this.feed({ type: "online" });
  private readonly offline = () => this.feed({ type: "offline" });
  private readonly shown = () => {
    if (document.visibilityState === "visible") this.feed({ type: "online" });
  };

  constructor(private readonly ends: LinkEnds) {}

  start(): void {
    addEventListener("online", this.online);
    addEventListener("offline", this.offline);
    document.addEventListener("visibilitychange", this.shown);
    this.feed({ type: "start", online: navigator.onLine });
  }

  stop(): void {
    removeEventListener("online", this.online);
    removeEventListener("offline", this.offline);
    document.removeEventListener("visibilitychange", this.shown);
    this.feed({ type: "stop" });
  }

  retry(): void {
    this.feed({ type: "retry" });
  }

  /** Give up this connection and make another after a while, as if it had been lost. */
  reconnect(): void {
    const { socket } = this;
    if (socket === null) return;
    this.drop();
    this.feed({ type: "closed", code: 1006, chance: Math.random() });
  }

  /** Send a frame; false where there is no connection that follows the thread. */
  send(frame: Outgoing): boolean {
    if (this.state.name !== "following" || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private feed(event: Event): void {
    const before = this.state;
    const [state, effects] = step(before, event);
    this.state = state;
    for (const effect of effects) this.perform(effect);
    if (state !== before) this.ends.onState(state);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case "open":
        this.open();
        break;
      case "close":
        this.drop();
        break;
      case "hello":
        void this.hello(effect.nonce);
        break;
      case "follow":
        this.send({ type: "resume", after: this.ends.after() });
        break;
      case "timer":
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.feed({ type: "timer" }), effect.seconds * 1000);
        break;
      case "no_timer":
        clearTimeout(this.timer);
        break;
    }
  }

  private open(): void {
    this.drop();
    const socket = new WebSocket(this.ends.url);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(String(data));
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.feed({ type: "closed", code, chance: Math.random() });
    };
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    socket?.close(CLOSED_BY_US);
  }

  private async hello(nonce: string): Promise<void> {
    const { socket } = this;
    const jws = await this.ends.hello(nonce);
    if (socket === this.socket && socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ type: "hello", v: PROTOCOL_VERSION, jws }));
    }
  }

  private receive(text: string): void {
    let frame: FromRelay;
    try {
      frame = parseFrame(text);
    } catch {
      return; // A frame of a newer relay, or of none: the entries' own checks are what protects the thread.
    }
    if (frame.type === "challenge") this.feed({ type: "challenge", nonce: frame.nonce });
    else if (frame.type === "welcome") {
      // Told first, so that everything that follows the welcome finds it.
      this.ends.onWelcome(frame);
      this.feed({ type: "welcome" });
    } else if (frame.type === "error" && frame.code === "unauthorized") {
      this.feed({ type: "refused", problem: frame.message, chance: Math.random() });
    } else this.ends.onFrame(frame);
  }
}
