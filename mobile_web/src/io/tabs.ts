/**
 * Several tabs of one device: the one that holds the lock `deskhand-link` has the socket and writes entries, the others
 * follow what it tells them.
 */

/** A leader that does not answer by then is frozen by the browser, and replaced. */
const ANSWER_WITHIN_MS = 3_000;

export type Talk<M> = M | { readonly type: "tabs.ping" } | { readonly type: "tabs.pong" };

export class Tabs<M extends { readonly type: string }> {
  private readonly channel = new BroadcastChannel("deskhand");
  private leading = false;
  private silence: ReturnType<typeof setTimeout> | undefined;

  /** `lead` begins to lead and returns how to stop. */
  constructor(
    private readonly lead: () => () => void,
    onMessage: (message: M) => void,
  ) {
    this.channel.onmessage = ({ data }: MessageEvent<Talk<M>>) => {
      if (data.type === "tabs.ping") {
        if (this.leading) this.channel.postMessage({ type: "tabs.pong" });
      } else if (data.type === "tabs.pong") clearTimeout(this.silence);
      else onMessage(data as M);
    };
    document.addEventListener("visibilitychange", () => this.check());
    this.wait(false);
    this.check();
  }

  get leads(): boolean {
    return this.leading;
  }

  post(message: M): void {
    this.channel.postMessage(message);
  }

  /** Where the leader does not answer a tab that a person looks at, the tab takes its place. */
  private check(): void {
    clearTimeout(this.silence);
    if (this.leading || document.visibilityState !== "visible") return;
    this.channel.postMessage({ type: "tabs.ping" });
    this.silence = setTimeout(() => {
      if (!this.leading) this.wait(true);
    }, ANSWER_WITHIN_MS);
  }

  private wait(steal: boolean): void {
    navigator.locks.request("deskhand-link", { steal }, async () => {
      if (this.leading) return;
      this.leading = true;
      this.stop = this.lead();
      await new Promise(() => undefined); // Until the tab closes, or another one takes the lock.
    }).catch(() => {
      // Taken by another tab, which leads now.
      if (!this.leading) return;
      this.leading = false;
      this.stop();
      this.wait(false);
    });
  }

  private stop: () => void = () => undefined;
}
