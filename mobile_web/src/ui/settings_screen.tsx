import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Route, Storage, Theme } from "../state/view.ts";
import { Confirm } from "./confirm.tsx";
import { useDeskhand } from "./deskhand.ts";
import { size } from "./format.ts";
import { Icon, type IconName } from "./icon.tsx";
import { PushControl } from "./push_control.tsx";
import { PushDetails } from "./push_details.tsx";
import { save } from "./save.ts";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function Link(props: { to: Route; icon: IconName; title: string; note?: string }) {
  const { actions } = useDeskhand();
  return (
    <li>
      <button type="button" class="row link" onClick={() => actions.navigate(props.to)}>
        <Icon name={props.icon} />
        <span><b>{props.title}</b>{props.note !== undefined && <span class="meta">{props.note}</span>}</span>
        <Icon name="fwd" class="flip" />
      </button>
    </li>
  );
}

function Themes() {
  const { view, actions } = useDeskhand();
  const w = words.value;
  return (
    <fieldset class="sec">
      <legend class="label">{w.theme}</legend>
      <div class="seg">
        {THEMES.map((theme) => (
          <label key={theme}>
            <input type="radio" name="theme" checked={view.preferences.value.theme === theme} onChange={() => actions.setTheme(theme)} />
            {w.themes[theme]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Work() {
  const { view, actions } = useDeskhand();
  const { paused } = view.facts.value;
  const { running, queued } = view.header.value;
  const w = words.value;
  return (
    <section class="sec">
      <h2>{w.work}</h2>
      <p class="small" role="status">{paused ? w.pausedText : w.workNow(running, queued)}</p>
      <p class="btns">
        <button type="button" class="btn wide" aria-pressed={paused} onClick={() => actions.pause(!paused)}>{paused ? w.resume : w.pauseAll}</button>
        <button type="button" class="btn wide" onClick={actions.stopAll}><Icon name="stop" small /> {w.stopAll}</button>
      </p>
    </section>
  );
}

/** A row that tells how an action went, beside it. */
function Told(props: { children: ComponentChildren }) {
  return <p class="small bad" role="alert">{props.children}</p>;
}

function Yours() {
  const { actions } = useDeskhand();
  const [storage, setStorage] = useState<Storage | null>(null);
  const [forgetting, setForgetting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const w = words.value;
  const say = (error: Error) => setProblem(error.message);
  useEffect(() => { actions.storage().then(setStorage, say); }, []);
  return (
    <section class="sec">
      <h2>{w.yours}</h2>
      <div class="rows">
        {storage !== null && (
          <div class="row">
            <Icon name="phone" />
            <span><b>{w.storage}</b><span class="meta">{w.storageUse(size(storage.usedBytes), size(storage.quotaBytes))} {storage.persisted ? w.storageKept : w.storageMayGo}</span></span>
          </div>
        )}
        <button type="button" class="row link" onClick={() => { actions.exportThread().then((blob) => save(blob, "deskhand-thread.jsonl"), say); }}>
          <Icon name="download" /><span><b>{w.exportAll}</b><span class="meta">{w.exportHow}</span></span>
        </button>
        <button type="button" class="row link" onClick={() => setForgetting(true)}>
          <Icon name="x" /><span><b>{w.forget}</b><span class="meta">{w.forgetHow}</span></span>
        </button>
      </div>
      {problem !== null && <Told>{problem}</Told>}
      {forgetting && (
        <Confirm title={w.forgetAsk} text={w.forgetText} yes={w.forget}
          onYes={() => { actions.forgetDevice().catch(say); }} onClose={() => setForgetting(false)} />
      )}
    </section>
  );
}

/** The menu: other screens, notifications, looks, work at large, and what is kept here. */
export function SettingsScreen() {
  const { view } = useDeskhand();
  const facts = view.facts.value;
  const w = words.value;
  return (
    <>
      <TopBar title={w.menu} />
      <main class="page">
        <ul class="rows">
          <Link to={{ screen: "activity" }} icon="run" title={w.activity} note={w.activityNote} />
          <Link to={{ screen: "files" }} icon="folder" title={w.files} note={w.filesNote} />
          <Link to={{ screen: "memory" }} icon="doc" title={w.memory} note={w.memoryNote} />
          <Link to={{ screen: "devices" }} icon="phone" title={w.devices} note={w.deviceCount(facts.devices.length)} />
          <Link to={{ screen: "diagnosis" }} icon="repeat" title={w.diagnosis} note={w.diagnosisNote} />
        </ul>
        <section class="sec"><h2>{w.notifications}</h2><PushControl /><PushDetails /></section>
        <Work />
        <section class="sec"><h2>{w.looks}</h2><Themes /></section>
        <Yours />
      </main>
    </>
  );
}
