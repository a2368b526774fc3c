import type { DeviceItem, NoticeItem, VoidItem } from "../state/view.ts";
import { clock } from "./format.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** Something to know, and what to do about it. */
export function Notice(props: { notice: NoticeItem }) {
  const { notice } = props;
  return (
    <>
      <Icon name="told" class="knot off" />
      <div class="aside" data-seq={notice.seq} data-id={notice.key} data-type="notice" data-state={notice.code}>
        <p dir="auto">{notice.text}</p>
        {notice.next !== "" && <p dir="auto"><b>{notice.next}</b></p>}
      </div>
    </>
  );
}

/** A device came, went, or the computer took the thread over. */
export function DeviceLine(props: { device: DeviceItem }) {
  const { device } = props;
  return (
    <>
      <Icon name={device.change === "removed" ? "stopped" : "done"} class="knot off" />
      <p class="aside" data-seq={device.seq} data-id={device.key} data-type="device" data-state={device.change}>
        {words.value.deviceChange[device.change](device.name)} <span class="num">{clock(device.at)}</span>
      </p>
    </>
  );
}

/** An entry that is not acted on, and why it is still shown. */
export function VoidRow(props: { entry: VoidItem }) {
  const { entry } = props;
  return (
    <>
      <Icon name={entry.kind === "unverified" ? "warn" : "queue"} class="knot off" />
      <div class="aside" data-seq={entry.seq} data-id={entry.key} data-type="void" data-state={entry.kind}>
        <p><b>{words.value.voidKind[entry.kind]}</b>{entry.at !== undefined && <span class="num"> {clock(entry.at)}</span>}</p>
        <p dir="auto">{entry.reason}</p>
      </div>
    </>
  );
}
