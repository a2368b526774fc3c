/** The page's composition root: joins store, link, composer and the rest into what `src/ui/` is given. */
import { computed, signal } from "@preact/signals";

import { viewsOf } from "../core/files.ts";
import { isGenuine } from "../core/records.ts";
import { readPreferences, writePreferences } from "../io/preferences.ts";
import { onWorker, startWorker, updateWorker } from "../io/push.ts";
import type { Actions, Deskhand } from "./actions.ts";
import { Composer, type NewBody } from "./composer.ts";
import type { Files } from "./files.ts";
import { Notifications } from "./notifications.ts";
import { Pairing } from "./pairing.ts";
import { Router } from "./router.ts";
import { Session } from "./session.ts";
import type { AskItem, AskVerdict, FileView, RenderMarkdown, SearchHit, View, Word } from "./view.ts";
import { shown as compute } from "./views.ts";

const MAX_HITS = 100;
/** A saved file is copied by the browser within this time. */
const RELEASE_AFTER_MS = 60_000;

export function createStore(): Deskhand {
  const word = signal<Word | null>(null);
  let words = 0;
  const say = (code: Word["code"], text?: string) => (word.value = { id: (words += 1), code, text });

  const session = new Session((code, message) => say(code === "storage_full" ? "storage_full" : "refused", message));
  const { base } = session;
  const shown = compute(base);
  const composer = new Composer(session, shown, say);
  const pairing = new Pairing(session);
  let opened: Promise<Files> | null = null;
  const files = () => (opened ??= import("./files.ts").then((it) => new it.Files(session, composer)));
  const notifications = new Notifications(session);
  const fragment = takeFragment();
  const router = new Router();
  const preferences = signal(readPreferences());
  const markdown = signal<RenderMarkdown | null>(null);

  const openEntry = (seq: number) => {
    const ask = shown.openAsks.value.find((one) => one.seq === seq);
    router.navigate(ask === undefined ? { screen: "thread", seq } : { screen: "ask", seq });
  };

  const follow = (found: string | null) => {
    if (found?.startsWith("pair=") === true) pairing.start(found);
    const seq = /^seq=(\d+)$/.exec(found ?? "")?.[1];
    if (seq !== undefined) openEntry(Number(seq));
  };

  void session.open().then(async (isOpen) => {
    if (!isOpen) return;
    await Promise.all([composer.restore(), notifications.start()]);
    follow(fragment);
    // A link may also be opened in a tab that shows the page already.
    addEventListener("hashchange", () => follow(takeFragment()));
  });
  whenIdle(() => {
    void import("../io/markdown.ts").then(({ renderMarkdown }) => (markdown.value = renderMarkdown), () => undefined);
    void startWorker(() => say("update_ready")).catch(() => undefined);
  });
  onWorker((message) => (message.type === "open" ? openEntry(message.seq) : notifications.pushed(message.seq)));

  const view: View = {
    ...shown,
    route: router.route,
    frozen: base.frozen,
    obstacle: base.obstacle,
    pairing: pairing.view,
    paired: computed(() => (base.joined.value === undefined ? null : base.joined.value !== null)),
    push: notifications.view,
    composer: composer.view,
    preferences,
    transfers: base.transfers,
    markdown,
    word,
  };

  /** Put something into the outbox; where this device can store nothing more, the person is told. */
  const tell = (body: NewBody) => void composer.add(body).catch(() => say("storage_full"));

  const answer = (ask: AskItem, verdict: AskVerdict, more: Partial<Pick<Extract<NewBody, { type: "answer" }>, "scope" | "text" | "reason">>) => {
    const open = base.facts.value.asks.find((one) => one.seq === ask.seq);
    const already = base.outbox.value.some((item) => item.state !== "refused" && item.body.type === "answer" && item.body.ask_seq === ask.seq);
    if (open !== undefined && !already) tell({ type: "answer", ask_seq: open.seq, ask_hash: open.hash, verdict, ...more });
  };

  const actions: Actions = {
    send: () => composer.send(),
    setDraft: (text) => composer.setDraft(text),
    attach: (given) => composer.attach(given),
    removeAttachment: (id) => composer.remove(id),
    startEdit: (id) => composer.startEdit(id),
    cancelEdit: () => composer.cancelEdit(),
    steer: (task) => composer.steer(task),
    setExpiry: (seconds) => composer.setExpiry(seconds),

    cancel: (id) => void composer.cancel(id).catch(() => say("storage_full")),
    stop: (task) => tell({ type: "stop", task }),
    stopAll: () => tell({ type: "stop", all: true }),
    pause: (on) => tell({ type: "pause", on }),
    approve: (ask, scope) => answer(ask, "approve", { scope }),
    deny: (ask, reason) => answer(ask, "deny", reason ? { reason } : {}),
    answer: (ask, text) => answer(ask, "text", { text }),
    settle: (ask, verdict) => answer(ask, verdict, {}),
    undo: (task) => tell({ type: "request.undo", task }),
    loadOlder: () => void session.loadOlder(),
    async reveal(seq) {
      while ((base.entries.value[0]?.seq ?? 0) > seq && base.older.value.older === "more") await session.loadOlder();
    },
    loadSteps: async (task) => (await files()).steps(task),

    openFile: async (file) => (await files()).open(file),
    openPreviews: async (file) => (await files()).previews(file),
    async download(file) {
      const { url, release } = await (await files()).open(file);
      save(url, file.name);
      setTimeout(release, RELEASE_AFTER_MS);
    },
    share: async (file) => share(await files(), file),
    async listFiles(query) {
      const dropped = shown.here.value.dropped;
      const wanted = query.toLocaleLowerCase();
      const entries = await base.kv.withFiles();
      return entries.toReversed().flatMap((entry) => viewsOf(entry, dropped)).filter((file) => file.name.toLocaleLowerCase().includes(wanted));
    },

    async search(query) {
      const { hit } = await import("../core/finding.ts");
      const hits: SearchHit[] = [];
      await base.kv.backwards((entry) => {
        const found = hit(entry, query.trim());
        if (found !== null) hits.push(found);
        return hits.length < MAX_HITS;
      });
      return hits;
    },
    activity: async () => (await import("../core/finding.ts")).activityOf(await base.kv.ofKinds(["task.created", "task.state", "result"])),
    saveMemory(text) {
      const { memory } = base.facts.value;
      if (memory !== null) tell({ type: "request.memory", base_sha256: memory.sha256, text });
    },
    removeDevice: (device) => tell({ type: "request.device_remove", device }),
    revokeGrant: (grant) => tell({ type: "request.grant_revoke", grant }),
    changeSchedule: (change) => tell({ type: "request.schedule", ...change }),
    changeSetting: (name, value) => tell({ type: "request.settings", name, value }),
    async storage() {
      const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
      return { usedBytes: usage, quotaBytes: quota, persisted: (await navigator.storage?.persisted?.()) ?? false };
    },
    async exportThread() {
      const lines = (await base.kv.entriesFrom(1)).map((entry) =>
        JSON.stringify(isGenuine(entry) ? { seq: entry.seq, at: entry.said, device: entry.device, body: entry.body } : { seq: entry.seq, at: entry.at, kind: entry.kind }));
      return new Blob([lines.join("\n"), "\n"], { type: "application/jsonl" });
    },

    pairFromLink: (link) => pairing.start(link),
    cancelPairing: () => pairing.cancel(),
    retry: () => session.retry(),
    forgetDevice: () => session.forget(),

    enableNotifications: () => notifications.enable(),
    disableNotifications: () => notifications.disable(),
    testPush: () => notifications.test(),
    loadPushLog: () => notifications.loadLog(),
    setQuiet: (quiet) => notifications.setQuiet(quiet),

    navigate: (route) => router.navigate(route),
    back: () => router.back(),
    setTheme: (theme) => writePreferences((preferences.value = { ...preferences.value, theme })),
    setLanguage: (language) => writePreferences((preferences.value = { ...preferences.value, language })),
    setVisible: (visible) => session.setVisible(visible),
    dismissWord(id) {
      if (word.value?.id === id) word.value = null;
    },
    update: () => void updateWorker(),
  };
  return { view, actions };
}

/** What stood behind `#`. It may hold a secret, so it leaves the address bar at once. */
function takeFragment(): string | null {
  const fragment = location.hash.slice(1);
  if (fragment === "") return null;
  history.replaceState(null, "", location.pathname + location.search);
  return fragment;
}

function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 2_000 });
  else setTimeout(work, 200);
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

async function share(files: Files, view: FileView): Promise<boolean> {
  const file = new File([await files.blob(view)], view.name, { type: view.mime });
  if (navigator.canShare?.({ files: [file] }) !== true) return false;
  try {
    await navigator.share({ files: [file] });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) return false;
  }
  return true;
}
