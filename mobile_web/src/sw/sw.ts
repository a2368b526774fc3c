/**
 * The service worker, written by hand: keeps the page for offline use, and turns pushes into notifications. It never
 * touches `/v1`, and it always shows something: a push that shows nothing costs the permission on iOS.
 */
/// <reference lib="webworker" />
import { Api } from "../io/api.ts";
import { Kv } from "../io/kv.ts";
import { onWire } from "../io/push.ts";
import { openPush, sealedKid } from "../protocol/envelope.ts";
import { isHexId } from "../protocol/ids.ts";
import { genericWords } from "./words.ts";

declare const __SHELL__: readonly string[];
declare const __VERSION__: string;
declare const self: ServiceWorkerGlobalScope;

const CACHE = `deskhand-${__VERSION__}`;
const SHELL = new Set(__SHELL__);

self.addEventListener("install", (event) => {
  const requests = __SHELL__.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("deskhand-") && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if ((event.data as { type?: unknown } | null)?.type === "take over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/v1/")) return;
  const path = request.mode === "navigate" && url.pathname === "/" ? "/" : url.pathname;
  if (!SHELL.has(path)) return;
  event.respondWith(
    (async () => (await (await caches.open(CACHE)).match(path, { ignoreSearch: true })) ?? fetch(request))(),
  );
});

// ------------------------------------------------------------------------------------------------------------ push ---

interface Payload {
  readonly push?: unknown;
  readonly hint?: unknown;
  readonly thread?: unknown;
  readonly seq?: unknown;
}

interface Text {
  readonly title: string;
  readonly body: string;
}

/** News of one kind stand in one notification; an ask has its own. */
const NEWS = "news";

self.addEventListener("push", (event) => {
  event.waitUntil(notify(readPayload(event.data)));
});

function readPayload(data: PushMessageData | null): Payload {
  try {
    const value: unknown = data?.json();
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

async function notify(payload: Payload): Promise<void> {
  const seq = Number.isSafeInteger(payload.seq) ? (payload.seq as number) : 0;
  const hint = payload.hint === "ask" || payload.hint === "failed" ? payload.hint : "result";
  const words = genericWords(navigator.language);
  const generic = seq === 0 ? words.test : words[hint];
  const { title, body } = (await opened(payload).catch(() => null)) ?? { title: "Deskhand", body: generic };
  const tag = hint === "ask" && seq > 0 ? `ask-${seq}` : NEWS;
  const before = tag === NEWS ? ((await self.registration.getNotifications({ tag }))[0]?.data as { count?: number } | undefined) : undefined;
  const count = (before?.count ?? 0) + 1;
  await self.registration.showNotification(title, {
    body: count > 1 ? `${body}\n${words.more(count - 1)}` : body,
    tag,
    icon: "/icon-192.png",
    badge: "/badge-96.png",
    data: { seq, count },
    requireInteraction: hint === "ask",
  });
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ type: "pushed", seq });
}

/** The sealed text, where it is of a current device of this thread; null where there is none to open. */
async function opened({ push, thread }: Payload): Promise<Text | null> {
  if (typeof push !== "string") return null;
  const kv = await Kv.open();
  try {
    const loaded = await kv.load();
    if (loaded === null || loaded.known.thread !== thread) return null;
    const kid = sealedKid(push, "push");
    const sender = Object.hasOwn(loaded.known.members, kid.device) ? loaded.known.members[kid.device] : undefined;
    const key = loaded.known.keys[kid.epoch];
    if (kid.thread !== thread || sender === undefined || sender.toSeq !== null || key === undefined) return null;
    const { title, text, target } = await openPush(push, key, sender.jwk);
    if (typeof title !== "string" || typeof text !== "string" || !isHexId(target)) return null;
    return { title, body: text };
  } finally {
    kv.close();
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { seq = 0 } = (event.notification.data ?? {}) as { seq?: number };
  event.waitUntil(
    (async () => {
      const [client] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      if (client === undefined) return void (await self.clients.openWindow(seq > 0 ? `/#seq=${seq}` : "/"));
      if (seq > 0) client.postMessage({ type: "open", seq });
      await client.focus();
    })(),
  );
});

interface SubscriptionChange extends ExtendableEvent {
  readonly oldSubscription?: PushSubscription;
}

self.addEventListener("pushsubscriptionchange", (event) => {
  const change = event as SubscriptionChange;
  change.waitUntil(resubscribe(change.oldSubscription));
});

/** The push service dropped the subscription: make another and tell the relay. */
async function resubscribe(old: PushSubscription | undefined): Promise<void> {
  const kv = await Kv.open();
  try {
    const loaded = await kv.load();
    if (loaded === null || old === undefined) return;
    const fresh = await self.registration.pushManager.subscribe(old.options);
    const { identity, known } = loaded;
    await new Api(identity.device, known.thread, identity.relay).subscribe(onWire(fresh));
  } finally {
    kv.close();
  }
}
