/** A page with no thread behind it: a view made of literals, and actions that are written down. */
import { type Signal, signal } from "@preact/signals";

import type { Actions } from "../../src/state/actions.ts";
import type { RenderMarkdown, Route, Theme, View } from "../../src/state/view.ts";
import * as samples from "./samples.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] extends { readonly value: infer V } ? Signal<V> : never };

export interface Bench {
  readonly view: Writable<View>;
  readonly actions: Actions;
  /** Every action called, with its arguments, oldest first. */
  readonly calls: [string, ...unknown[]][];
}

const ANSWERS: Partial<Record<keyof Actions, (...args: never[]) => unknown>> = {
  openPreviews: (file: { id: string }) => Promise.resolve(samples.previews[file.id] ?? []),
  openFile: () => Promise.reject(new Error("The computer is asleep. Wake it, then try again.")),
  loadSteps: () => Promise.resolve(samples.steps),
  listFiles: () => Promise.resolve([samples.workbook, samples.minutes]),
  search: (query: string) => Promise.resolve([{ seq: 12, at: "2026-11-12T08:46:00Z", kind: "result", excerpt: `… ${query} are open, in all …`, start: 2, end: 2 + query.length }]),
  activity: () => Promise.resolve(samples.activity),
  storage: () => Promise.resolve({ usedBytes: 38e6, quotaBytes: 200e6, persisted: true }),
  exportThread: () => Promise.resolve(new Blob(["{}\n"])),
};
const PROMISES = /^(send|reveal|download|share|forgetDevice|enableNotifications|disableNotifications|testPush|loadPushLog|setQuiet)$/;

export function bench(markdown: RenderMarkdown | null = null): Bench {
  const view: Writable<View> = {
    route: signal<Route>({ screen: "thread" }),
    thread: signal({ items: samples.working, older: "start" as const, ready: true }),
    header: signal(samples.awake), link: signal(samples.fine), frozen: signal(null), obstacle: signal(null),
    pairing: signal({ step: "none" as const }), paired: signal(true), push: signal({ state: "off" as const }),
    composer: signal({ draft: "", attachments: [], canSend: true, canWrite: true, expiresInS: 72 * 3600 }),
    facts: signal(samples.facts), openAsks: signal([]), preferences: signal({ theme: "system" as const, language: null }),
    transfers: signal(new Map<string, number>()), markdown: signal(markdown), word: signal(null),
  };
  const calls: Bench["calls"] = [];
  const actions = new Proxy({} as Actions, {
    get: (_, name: keyof Actions) => (...args: unknown[]) => {
      calls.push([name, ...args]);
      if (name === "navigate") view.route.value = args[0] as Route;
      if (name === "back") view.route.value = { screen: "thread" };
      if (name === "setDraft") view.composer.value = { ...view.composer.value, draft: args[0] as string };
      if (name === "setTheme") view.preferences.value = { ...view.preferences.value, theme: args[0] as Theme };
      return ANSWERS[name]?.(...(args as never[])) ?? (PROMISES.test(name) ? Promise.resolve() : undefined);
    },
  });
  return { view, actions, calls };
}
