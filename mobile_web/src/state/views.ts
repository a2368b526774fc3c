/** What the screens show, computed from the base signals. */
import { computed, type ReadonlySignal } from "@preact/signals";

import { header, hostPresent, link } from "../core/status.ts";
import { askItem, type Here, threadItems } from "../core/thread.ts";
import type { Known } from "../protocol/transcript.ts";
import type { Base } from "./base.ts";
import type {
  AskItem, DeviceView, FactsView, GrantView, HeaderView, Item, LinkView, ScheduleView, ThreadView,
} from "./view.ts";

export interface Shown {
  readonly thread: ReadonlySignal<ThreadView>;
  readonly header: ReadonlySignal<HeaderView>;
  readonly link: ReadonlySignal<LinkView>;
  readonly facts: ReadonlySignal<FactsView>;
  readonly openAsks: ReadonlySignal<readonly AskItem[]>;
  readonly here: ReadonlySignal<Here>;
}

export function hostOf(known: Known): string {
  return Object.values(known.members).find((member) => member.role === "host" && member.toSeq === null)?.id ?? "";
}

export function shown(base: Base): Shown {
  const host = computed(() => (base.joined.value ? hostOf(base.joined.value.known) : ""));
  const dropped = computed(() => base.facts.value.dropped);
  const droppedSet = computed(() => new Set(dropped.value));
  const away = computed(() => base.status.value.away);
  const here = computed<Here>(() => {
    const known = base.joined.value?.known;
    const facts = base.facts.value;
    const me = known?.me ?? "";
    const names = { ...facts.names, [host.value]: facts.hostName ?? base.joined.value?.identity.hostName ?? "" };
    return {
      me, host: host.value, scopes: known?.members[me]?.scopes ?? [], names, facts, dropped: droppedSet.value,
      away: away.value, frozen: base.frozen.value !== null, uploads: base.uploads.value,
    };
  });

  let before: readonly Item[] = [];
  const items = computed(() => {
    before = threadItems(
      { entries: base.entries.value, outbox: base.outbox.value, live: base.live.value, here: here.value }, before,
    );
    return before;
  });
  return {
    here,
    thread: computed(() => ({ items: items.value, ...base.older.value, ready: base.ready.value })),
    header: computed(() => {
      const facts = base.facts.value;
      const name = facts.hostName ?? base.joined.value?.identity.hostName ?? "";
      return header(base.status.value, { host: host.value, name, paused: facts.paused === true, live: base.live.value.status, hostSaid: facts.hostSaid });
    }),
    link: computed(() => link(base.status.value, host.value, base.joined.value?.identity.relay.replace(/^https?:\/\//, "") ?? location.host)),
    openAsks: computed(() =>
      base.facts.value.asks
        .map((ask) => askItem(ask, { outbox: base.outbox.value, here: here.value }))
        .filter((ask) => ask.state === "open")),
    facts: computed(() => factsView(base, here.value)),
  };
}

function factsView(base: Base, here: Here): FactsView {
  const { facts } = here;
  const outbox = base.outbox.value.map((item) => item.body);
  const known = base.joined.value?.known;
  const devices = Object.values(known?.members ?? {})
    .filter((member) => member.toSeq === null)
    .map((member): DeviceView => ({
      id: member.id,
      name: here.names[member.id] ?? "",
      role: member.role,
      mine: member.id === here.me,
      scopes: member.scopes.filter((scope) => scope === "write" || scope === "approve"),
      connected: hostPresent(base.status.value, member.id),
      removing: outbox.some((body) => body.type === "request.device_remove" && body.device === member.id),
    }));
  const schedules = Object.values(facts.schedules).flatMap(({ schedule, rule, zone, text, next, state }): ScheduleView[] =>
    state === "removed" ? [] : [{ schedule, rule, zone, text, next: next ?? undefined, state }]);
  const grants = (facts.grants?.items ?? []).flatMap((item): GrantView[] => {
    const grant = item["id"] ?? item["grant"];
    if (typeof grant !== "string") return [];
    const text = typeof item["text"] === "string" ? item["text"] : grant;
    return [{ grant, text, revoking: outbox.some((body) => body.type === "request.grant_revoke" && body.grant === grant) }];
  });
  const { memory } = facts;
  return {
    devices,
    memory: memory === null ? null : {
      text: memory.text, sha256: memory.sha256, tainted: memory.tainted ?? false, saving: outbox.some((body) => body.type === "request.memory"),
    },
    schedules,
    grants,
    settings: facts.settings?.values ?? {},
    paused: facts.paused ?? false,
  };
}
