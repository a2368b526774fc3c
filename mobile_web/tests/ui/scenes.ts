/** Every screen and state the page can be in, by name. */
import type { PairingView } from "../../src/state/view.ts";
import type { Bench } from "./bench.ts";
import * as samples from "./samples.ts";

export type Scene = (bench: Bench) => void;

const pairing = (value: PairingView): Scene => ({ view }) => {
  view.paired.value = false;
  view.pairing.value = value;
};

export const scenes: Readonly<Record<string, Scene>> = {
  thread: ({ view }) => {
    view.openAsks.value = [samples.renameAsk];
    view.composer.value = {
      ...view.composer.value,
      attachments: [
        { id: "1", name: "Roof 1.jpg", bytes: 2_100_000, mime: "image/jpeg", state: "ready" },
        { id: "2", name: "Note.pdf", bytes: 340_000, mime: "application/pdf", state: "preparing" },
        { id: "3", name: "Plan.heic", bytes: 1, mime: "image/heic", state: "failed", problem: "Cannot be read: take it as JPEG" },
      ],
    };
  },
  asleep: ({ view }) => {
    view.header.value = samples.sleeping;
    view.link.value = samples.away;
    view.thread.value = { items: samples.asleep, older: "more", ready: true };
  },
  offline: ({ view }) => {
    view.header.value = { ...samples.awake, state: "unreachable" };
    view.link.value = { ...samples.fine, phone: "offline", relay: "waiting", computer: "unknown" };
    view.word.value = { id: 1, code: "offline_saved" };
  },
  asks: ({ view }) => {
    const asks = [samples.smallAsk, samples.deleteAsk, samples.question, samples.inDoubt];
    view.openAsks.value = asks;
    view.thread.value = { items: [{ type: "day", key: "d", date: "2026-11-12" }, ...asks], older: "start", ready: true };
  },
  tasks: ({ view }) => {
    const states = ["queued", "running", "waiting", "stopped", "expired", "in_doubt"] as const;
    const items = states.map((state) => samples.taskIn(state));
    view.thread.value = { items: [{ type: "day", key: "d", date: "2026-11-12" }, ...items, { ...samples.runningTask, key: "live", liveText: "So far **Kuhn** is" }], older: "loading", ready: true };
    view.composer.value = { ...view.composer.value, draft: "Use the price with fitting", task: { task: "1", title: "Compare the three window offers" } };
  },
  sheet: ({ view }) => {
    view.openAsks.value = [samples.deleteAsk];
    view.route.value = { screen: "ask", seq: samples.deleteAsk.seq };
  },
  "sheet-reversible": ({ view }) => {
    view.openAsks.value = [samples.renameAsk];
    view.route.value = { screen: "ask", seq: samples.renameAsk.seq };
  },
  empty: ({ view }) => {
    view.header.value = { name: "Atelier", state: "awake", running: 0, queued: 0 };
    view.thread.value = {
      items: [{ type: "day", key: "d", date: "2026-11-12" }, { type: "device", key: "x", seq: 2, at: "2026-11-12T07:40:00Z", change: "added", name: "This phone" }],
      older: "start", ready: true,
    };
  },
  frozen: ({ view }) => { view.frozen.value = samples.frozen; },
  pairing: pairing({ step: "none" }),
  "pairing-connecting": pairing({ step: "waiting_computer" }),
  "pairing-digits": pairing({ step: "digits", digits: "402917", expiresAt: new Date(Date.now() + 521_000).toISOString() }),
  "pairing-paired": ({ view }) => {
    view.route.value = { screen: "pairing" };
    view.pairing.value = { step: "paired", computer: "Atelier" };
  },
  "pairing-failed": pairing({ step: "failed", reason: "used", remedy: "If that was not you, nothing is lost: it got in nowhere. Run “deskhand pair” again for a new code." }),
  insecure: ({ view }) => {
    view.obstacle.value = { kind: "insecure", remedy: "Open this page by https: on the computer “deskhand pair” shows the right address." };
  },
  removed: ({ view }) => { view.obstacle.value = { kind: "removed", remedy: "To come back, pair it again at the computer." }; },
  file: ({ view }) => { view.route.value = { screen: "file", file: samples.workbook }; },
  "file-text": ({ view }) => { view.route.value = { screen: "file", file: samples.minutes }; },
  "file-failed": ({ view }) => { view.route.value = { screen: "file", file: { ...samples.photo, availability: "relay" } }; },
  settings: ({ view }) => {
    view.route.value = { screen: "settings" };
    view.push.value = {
      state: "on", quiet: { start: "21:30", end: "07:00" }, test: "arrived",
      log: [{ at: "2026-11-12T15:10:00Z", outcome: "accepted", status: 201, reason: "" }, { at: "2026-11-12T08:46:00Z", outcome: "looking", reason: "" }],
    };
  },
  "settings-denied": ({ view }) => {
    view.route.value = { screen: "settings" };
    view.push.value = { state: "denied", remedy: "Open the site settings of your browser and allow notifications." };
  },
  devices: ({ view }) => { view.route.value = { screen: "devices" }; },
  diagnosis: ({ view }) => {
    view.route.value = { screen: "diagnosis" };
    view.header.value = samples.sleeping;
    view.link.value = samples.away;
    view.thread.value = { items: samples.asleep, older: "start", ready: true };
  },
  "diagnosis-fine": ({ view }) => { view.route.value = { screen: "diagnosis" }; },
  activity: ({ view }) => { view.route.value = { screen: "activity" }; },
  memory: ({ view }) => { view.route.value = { screen: "memory" }; },
  files: ({ view }) => { view.route.value = { screen: "files" }; },
  search: ({ view }) => { view.route.value = { screen: "search" }; },
};
