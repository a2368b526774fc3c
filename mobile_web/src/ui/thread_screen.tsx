import type { TargetedDragEvent } from "preact";

import { Composer } from "./composer.tsx";
import { useDeskhand } from "./deskhand.ts";
import { Presence } from "./presence.tsx";
import { AskStrip, HeldStrip } from "./strips.tsx";
import { ThreadList } from "./thread_list.tsx";
import { useChunk } from "./use_chunk.ts";
import { words } from "./words.ts";

const loadSheet = () => import("./ask_sheet.tsx");

/** Home. Files dropped anywhere on it are attached. `onHeld`: the person wants to read why the thread is held. */
export function ThreadScreen(props: { onHeld: () => void }) {
  const { view, actions } = useDeskhand();
  const route = view.route.value;
  const asked = route.screen === "ask" ? route.seq : null;
  const ask = asked === null ? undefined
    : view.openAsks.value.find((one) => one.seq === asked)
      ?? view.thread.value.items.find((item) => item.type === "ask" && item.seq === asked);
  const sheet = useChunk(loadSheet, ask?.type === "ask");
  const onDrop = (event: TargetedDragEvent<HTMLElement>) => {
    const files = event.dataTransfer?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    actions.attach(Array.from(files));
  };
  return (
    <div class="fixed" onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
      <Presence />
      <HeldStrip onReview={props.onHeld} />
      <AskStrip />
      <ThreadList />
      <Composer />
      {ask?.type === "ask" && sheet.state === "loaded" && <sheet.it.AskSheet key={ask.seq} ask={ask} />}
      {sheet.state === "failed" && (
        <p role="alert">{words.value.screenFailed} <button type="button" class="btn" onClick={sheet.retry}>{words.value.tryAgain}</button></p>
      )}
    </div>
  );
}
