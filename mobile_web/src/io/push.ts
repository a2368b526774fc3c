/** The browser's side of notifications: permission, subscription, the worker. */
import type { Subscription } from "../protocol/generated.ts";
import { b64, unb64 } from "../protocol/ids.ts";
import { workerUrl } from "./trusted.ts";

export type Ability = "unsupported" | "needs_install" | "denied" | "granted" | "default";

/** iOS gives notifications only to pages on the Home Screen. */
function needsInstall(): boolean {
  const ios = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const installed = (navigator as { standalone?: boolean }).standalone === true || matchMedia("(display-mode: standalone)").matches;
  return ios && !installed;
}

export function ability(): Ability {
  if (needsInstall()) return "needs_install";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return "unsupported";
  return Notification.permission;
}

/** Must be called from a tap. */
export async function askPermission(): Promise<Ability> {
  await Notification.requestPermission();
  return ability();
}

/** Register the worker; calls back when a newer one waits to take over. */
export async function startWorker(onWaiting: () => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register(workerUrl());
  const tell = () => {
    if (registration.waiting !== null && navigator.serviceWorker.controller !== null) onWaiting();
  };
  tell();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", tell));
}

/** Let the waiting worker take over, then load its page. */
export async function updateWorker(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration?.waiting == null) return location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting.postMessage({ type: "take over" });
}

/** Messages of the worker: a notification was tapped, or a push arrived. */
export type FromWorker = { readonly type: "open"; readonly seq: number } | { readonly type: "pushed"; readonly seq: number };

export function onWorker(listen: (message: FromWorker) => void): void {
  navigator.serviceWorker?.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => listen(data));
}

/** This device's subscription under the relay's key, made anew where the key changed or it died silently. */
export async function subscription(key: string): Promise<Subscription> {
  const { pushManager } = await navigator.serviceWorker.ready;
  const held = await pushManager.getSubscription();
  const used = held?.options.applicationServerKey;
  if (held !== null && used != null && b64(new Uint8Array(used)) === key) return onWire(held);
  await held?.unsubscribe();
  return onWire(await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: unb64(key) }));
}

export function onWire(held: PushSubscription): Subscription {
  const { endpoint, keys = {} } = held.toJSON();
  return { endpoint: endpoint ?? held.endpoint, keys: { p256dh: keys["p256dh"] ?? "", auth: keys["auth"] ?? "" } };
}

export async function unsubscribe(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}
