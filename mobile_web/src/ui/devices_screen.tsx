import { useState } from "preact/hooks";

import type { DeviceView } from "../state/view.ts";
import { Command } from "./command.tsx";
import { Confirm } from "./confirm.tsx";
import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

function rights(device: DeviceView): string {
  const w = words.value;
  if (device.role === "host") return w.runsAgent;
  if (device.scopes.includes("approve")) return w.mayApprove;
  return device.scopes.includes("write") ? w.mayWrite : w.mayRead;
}

function DeviceRow(props: { device: DeviceView; onRemove?: () => void }) {
  const { device } = props;
  const w = words.value;
  const about = [device.mine && w.thisDevice, rights(device), device.connected && w.connected].filter(Boolean).join(" · ");
  return (
    <li class="row" data-id={device.id} data-state={device.removing ? "removing" : device.connected ? "connected" : "away"}>
      <Icon name={device.role === "host" ? "computer" : "phone"} />
      <span><b><bdi>{device.name}</bdi></b><span class="meta">{about}</span></span>
      {device.removing && <span class="meta" role="status">{w.removing}</span>}
      {!device.removing && props.onRemove !== undefined && <button type="button" class="btn" onClick={props.onRemove}>{w.removeDevice}</button>}
    </li>
  );
}

/** Who may read and write the thread. A removed device is out at once; only the computer can add one. */
export function DevicesScreen() {
  const { view, actions } = useDeskhand();
  const [leaving, setLeaving] = useState<DeviceView | null>(null);
  const { devices } = view.facts.value;
  const w = words.value;
  return (
    <>
      <TopBar title={w.devices} />
      <main class="page">
        <section class="sec">
          <h2>{w.theComputer}</h2>
          <ul class="rows">{devices.filter((one) => one.role === "host").map((one) => <DeviceRow key={one.id} device={one} />)}</ul>
        </section>
        <section class="sec">
          <h2>{w.mayUseThread}</h2>
          <ul class="rows">
            {devices.filter((one) => one.role === "client").map((one) => <DeviceRow key={one.id} device={one} onRemove={() => setLeaving(one)} />)}
          </ul>
          <p class="meta">{w.removedMeans}</p>
        </section>
        <section class="card">
          <header><h2>{w.addDevice}</h2><p class="small">{w.addDeviceHow}</p></header>
          <div class="body"><Command text="deskhand pair" /></div>
        </section>
      </main>
      {leaving !== null && (
        <Confirm title={w.removeAsk(leaving.name)} text={leaving.mine ? w.removeMine : w.removedMeans} yes={w.removeDevice}
          onYes={() => actions.removeDevice(leaving.id)} onClose={() => setLeaving(null)} />
      )}
    </>
  );
}
