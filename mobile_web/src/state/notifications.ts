/** Notifications as the person sees them: off, on, why not, and whether they really arrive. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

import * as push from "../io/push.ts";
import type { Session } from "./session.ts";
import type { PushView, QuietHours } from "./view.ts";

/** What this device wants; kept, so that it can be renewed at each opening. */
interface Wish {
  readonly on: boolean;
  readonly quiet: QuietHours | null;
}

const INSTALL = "Add Deskhand to the Home Screen first (Share, then “Add to Home Screen”), open it there, and switch notifications on.";
const UNSUPPORTED = "This browser has no notifications. The thread is up to date whenever it is open.";
const DENIED = "Notifications are blocked for this page. Allow them in the browser's settings for this site, then try again.";
const TRY_AGAIN = "Try again in a moment. If it stays, run `deskhand doctor` at the computer.";

export class Notifications {
  private readonly state = signal<PushView>({ state: "off" });
  readonly view: ReadonlySignal<PushView> = this.state;
  private wish: Wish = { on: false, quiet: null };

  constructor(private readonly session: Session) {
    this.state.value = this.off();
  }

  /** Once the store is open: subscriptions die silently, so they are compared and renewed at each opening. */
  async start(): Promise<void> {
    this.wish = ((await this.session.base.kv.noted("push")) as Wish | undefined) ?? this.wish;
    let renewed: string | null = null;
    effect(() => {
      const welcome = this.session.welcome.value;
      const device = this.session.base.joined.value?.identity.device.id ?? null;
      if (welcome === null || device === null || !this.wish.on || renewed === device || push.ability() !== "granted") return;
      renewed = device;
      void this.subscribe();
    });
  }

  private off(): PushView {
    switch (push.ability()) {
      case "needs_install":
        return { state: "needs_install", remedy: INSTALL };
      case "unsupported":
        return { state: "unsupported", remedy: UNSUPPORTED };
      case "denied":
        return { state: "denied", remedy: DENIED };
      default:
        return { state: "off" };
    }
  }

  async enable(): Promise<void> {
    const able = push.ability();
    if (able === "needs_install" || able === "unsupported") return;
    this.state.value = { state: "asking" };
    if (able === "granted" || (await push.askPermission()) === "granted") await this.subscribe();
    else this.state.value = this.off();
  }

  private async subscribe(): Promise<void> {
    const api = this.session.api.value;
    const key = this.session.welcome.value?.push_key;
    try {
      if (api === null || key === undefined) throw new Error("There is no connection to the relay.");
      const { quiet } = this.wish;
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      await api.subscribe({ ...(await push.subscription(key)), ...(quiet === null ? {} : { quiet: { ...quiet, zone } }) });
      await this.want({ on: true, quiet });
      this.state.value = { state: "on", quiet, test: "none", log: [] };
      await this.loadLog();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.state.value = { state: "failed", reason, remedy: TRY_AGAIN };
    }
  }

  private async want(wish: Wish): Promise<void> {
    this.wish = wish;
    await this.session.base.kv.note("push", wish);
  }

  async disable(): Promise<void> {
    await this.want({ ...this.wish, on: false });
    await push.unsubscribe();
    this.state.value = this.off();
    await this.session.api.value?.unsubscribe().catch(() => undefined);
  }

  async test(): Promise<void> {
    const { api } = this.session;
    this.change({ test: "sent" });
    try {
      const outcome = await api.value?.testPush();
      if (outcome?.outcome !== "accepted") this.change({ test: "failed" });
    } catch {
      this.change({ test: "failed" });
    }
    await this.loadLog();
  }

  /** The worker got a push; one without an entry is a test. */
  pushed(seq: number): void {
    if (seq === 0) this.change({ test: "arrived" });
  }

  async loadLog(): Promise<void> {
    try {
      const log = (await this.session.api.value?.pushLog()) ?? [];
      this.change({ log: log.map((line) => ({ at: line.at, outcome: line.outcome, status: line.status ?? undefined, reason: line.reason ?? "" })) });
    } catch {
      return; // The log is a help, not the thing itself: the last one read stays.
    }
  }

  async setQuiet(quiet: QuietHours | null): Promise<void> {
    await this.want({ ...this.wish, quiet });
    if (this.state.value.state === "on") await this.subscribe();
  }

  private change(part: Partial<Extract<PushView, { state: "on" }>>): void {
    const { value } = this.state;
    if (value.state === "on") this.state.value = { ...value, ...part };
  }
}
