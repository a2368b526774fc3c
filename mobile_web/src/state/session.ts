/** One page of this device: opens the store, follows it, and leads where no other tab does. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";

import { heard } from "../core/live.ts";
import { Api } from "../io/api.ts";
import { canUseKeys } from "../io/crypto_keys.ts";
import { Kv } from "../io/kv.ts";
import { fetchOlder } from "../io/past.ts";
import { Tabs } from "../io/tabs.ts";
import type { Welcome } from "../protocol/generated.ts";
import { Base } from "./base.ts";
import { Leader, type Told } from "./leader.ts";

type Talk =
  | Told
  | { readonly type: "hello" }
  | { readonly type: "outbox" }
  | { readonly type: "retry" }
  | { readonly type: "looking"; readonly tab: string; readonly looking: boolean }
  | { readonly type: "gone" };

const INSECURE =
  "Browsers give keys only to pages opened over https. Open the address that `deskhand up` shows for phones, or put the relay behind TLS.";
const NO_STORE = "Deskhand keeps its keys in this browser's storage, which is closed here. Leave private browsing, or allow storage for this site.";
const FULL = "Free space on this device, then open Deskhand again.";

export class Session {
  readonly base = new Base();
  readonly visible = signal(document.visibilityState === "visible");
  readonly welcome = signal<Welcome | null>(null);
  private readonly device = computed(() => this.base.joined.value?.identity.device.id ?? null);
  readonly api: ReadonlySignal<Api | null> = computed(() => {
    const joined = this.device.value === null ? null : this.base.joined.peek();
    return joined ? new Api(joined.identity.device, joined.known.thread, joined.identity.relay) : null;
  });
  private tabs: Tabs<Talk> | null = null;
  private leader: Leader | null = null;
  private readonly tab = crypto.randomUUID?.() ?? "";
  private readonly watching = new Set<string>();

  constructor(private readonly onTrouble: (code: string, message: string) => void) {}

  /** Open the store and begin. False where that is not possible here: `base.obstacle` says why. */
  async open(): Promise<boolean> {
    const { obstacle } = this.base;
    if (!canUseKeys()) {
      obstacle.value = { kind: "insecure", remedy: INSECURE };
      return false;
    }
    try {
      await this.base.begin(await Kv.open());
    } catch {
      obstacle.value = { kind: "storage", reason: "This browser keeps nothing for this page.", remedy: NO_STORE };
      return false;
    }
    this.begin();
    return true;
  }

  private begin(): void {
    document.addEventListener("visibilitychange", () => this.setVisible(document.visibilityState === "visible"));
    addEventListener("pagehide", () => this.tabs?.post({ type: "looking", tab: this.tab, looking: false }));
    this.tabs = new Tabs(() => this.lead(), (message) => this.hear(message));
    this.tabs.post({ type: "hello" });
    effect(() => this.look(this.visible.value));
  }

  /** This tab has the lock. */
  private lead(): () => void {
    const { base } = this;
    let device: string | null = null;
    const end = () => {
      this.leader?.stop();
      this.leader = null;
    };
    // A new pairing, or the end of one, needs another link.
    const unfollow = effect(() => {
      const joined = base.joined.value;
      const now = joined?.identity.device.id ?? null;
      if (now === device) return;
      device = now;
      end();
      if (joined) this.startLeader();
    });
    return () => {
      unfollow();
      end();
    };
  }

  private startLeader(): void {
    const joined = this.base.joined.peek();
    const api = this.api.peek();
    if (!joined || api === null) return;
    this.leader?.stop();
    this.leader = new Leader(this.base, joined, api, {
      tell: (message) => this.tabs?.post(message),
      looking: () => this.watching.size > 0,
      onWelcome: (welcome) => (this.welcome.value = welcome),
      onTrouble: this.onTrouble,
      onRemoved: () => void this.removed(),
      onBroken: (error) => void this.startOver(error),
    });
    this.leader.start();
  }

  /** The store moved on without this page: read it anew. Where it cannot be written, say so. */
  private async startOver(error: unknown): Promise<void> {
    this.leader?.stop();
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      this.base.obstacle.value = { kind: "storage", reason: "This device has no space left for the thread.", remedy: FULL };
      return;
    }
    await this.base.open();
    this.startLeader();
  }

  private hear(message: Talk): void {
    const { base, leader } = this;
    switch (message.type) {
      case "changed":
        void base.refresh();
        break;
      case "status":
        base.status.value = message.status;
        break;
      case "live":
        base.live.value = heard(base.live.value, message.stream, message.i, message.body, message.at);
        break;
      case "hello":
        if (leader !== null) this.tabs?.post({ type: "status", status: base.status.value });
        this.look(this.visible.value);
        break;
      case "outbox":
        void base.refresh().then(() => leader?.kick());
        break;
      case "retry":
        leader?.retry();
        break;
      case "looking":
        this.seen(message.tab, message.looking);
        break;
      case "gone":
        void base.open();
        break;
    }
  }

  private look(looking: boolean): void {
    this.tabs?.post({ type: "looking", tab: this.tab, looking });
    this.seen(this.tab, looking);
  }

  private seen(tab: string, looking: boolean): void {
    if (looking) this.watching.add(tab);
    else this.watching.delete(tab);
    this.leader?.look();
  }

  setVisible(visible: boolean): void {
    if (visible && !this.visible.value) void this.leader?.askTail();
    this.visible.value = visible;
  }

  /** The outbox was changed in this tab. */
  sent(): void {
    if (this.leader === null) this.tabs?.post({ type: "outbox" });
    else {
      this.leader.kick();
      this.tabs?.post({ type: "changed" });
    }
  }

  retry(): void {
    if (this.leader === null) this.tabs?.post({ type: "retry" });
    else this.leader.retry();
  }

  /** Show older entries, fetched and verified where this device does not hold them. */
  async loadOlder(): Promise<void> {
    const { base } = this;
    const api = this.api.peek();
    if (base.older.value.older === "loading" || base.older.value.older === "start" || api === null) return;
    base.older.value = { older: "loading" };
    try {
      if (!(await base.showOlder())) {
        await fetchOlder(base.kv, api);
        await base.refresh();
        if (!(await base.showOlder())) base.older.value = { older: "start" };
      }
    } catch (error) {
      const said = error instanceof Error ? error.message : "";
      base.older.value = { older: "failed", olderProblem: `Older entries could not be read: ${said}` };
    }
  }

  /** After a new pairing, or the end of one. */
  async joinedAnew(): Promise<void> {
    await this.base.open();
    this.tabs?.post({ type: "gone" });
  }

  async forget(): Promise<void> {
    this.leader?.stop();
    await this.base.kv.wipe();
    this.base.entries.value = [];
    await this.joinedAnew();
  }

  private async removed(): Promise<void> {
    await this.forget();
    const remedy = "This device was removed at the computer, and has forgotten the thread. To use it again, run `deskhand pair` there.";
    this.base.obstacle.value = { kind: "removed", remedy };
  }
}
