/** Pairing as the person sees it; the steps themselves are in `joining.ts`. */
import { type ReadonlySignal, signal } from "@preact/signals";

import type { Session } from "./session.ts";
import type { PairingView } from "./view.ts";

export class Pairing {
  private readonly state = signal<PairingView>({ step: "none" });
  readonly view: ReadonlySignal<PairingView> = this.state;
  private run: AbortController | null = null;

  constructor(private readonly session: Session) {}

  cancel(): void {
    this.run?.abort();
    this.run = null;
    this.state.value = { step: "none" };
  }

  /** Begin with a pasted, scanned or opened link. */
  start(text: string): void {
    this.run?.abort();
    const run = new AbortController();
    this.run = run;
    this.state.value = { step: "connecting" };
    void this.join(text.trim(), run.signal);
  }

  private async join(link: string, signal: AbortSignal): Promise<void> {
    const tell = (view: PairingView) => {
      if (!signal.aborted) this.state.value = view;
    };
    try {
      const { failure, join } = await import("./joining.ts");
      await join(this.session, link, signal, tell).catch((error: unknown) => {
        const { reason, message } = failure(error);
        tell({ step: "failed", reason, remedy: message });
      });
    } catch {
      tell({ step: "failed", reason: "offline", remedy: "The rest of this page could not be loaded. Check Wi-Fi or mobile data, then try again." });
    }
  }
}
