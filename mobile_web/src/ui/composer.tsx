import type { TargetedClipboardEvent, TargetedEvent, TargetedKeyboardEvent, TargetedSubmitEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { Attachments } from "./attachments.tsx";
import { AwayNote } from "./away_note.tsx";
import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

const MAX_SHARE_OF_HEIGHT = 0.4;

/** For browsers without `field-sizing`: as tall as its text, at most 40 % of what is visible. */
function fit(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  const visible = window.visualViewport?.height ?? window.innerHeight;
  field.style.blockSize = "auto";
  field.style.blockSize = `${Math.min(field.scrollHeight, visible * MAX_SHARE_OF_HEIGHT)}px`;
}

/** With a mouse there is a keyboard: Enter sends. Under a thumb Enter is a new line. */
function entersSend(): boolean {
  return window.matchMedia("(hover: hover) and (pointer: fine)").matches;
}

/** Where work is given: it works offline, keeps its draft, and grows with it. */
export function Composer() {
  const { view, actions } = useDeskhand();
  const field = useRef<HTMLTextAreaElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const composer = view.composer.value;
  const name = view.header.value.name;
  const w = words.value;

  useLayoutEffect(() => { if (field.current !== null) fit(field.current); }, [composer.draft]);
  useLayoutEffect(() => { if (composer.editing !== undefined || composer.task !== undefined) field.current?.focus(); },
    [composer.editing?.id, composer.task?.task]);

  if (!composer.canWrite) return <div class="composer"><p class="note small">{w.readOnly}</p></div>;

  const send = () => {
    if (!composer.canSend) return;
    setProblem(null);
    actions.send().catch((error: Error) => setProblem(error.message));
    field.current?.focus();
  };
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (!entersSend() && !event.metaKey && !event.ctrlKey) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: TargetedClipboardEvent<HTMLTextAreaElement>) => {
    const files = event.clipboardData?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    actions.attach(files);
  };
  const onFiles = (event: TargetedEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    if (input.files !== null) actions.attach(Array.from(input.files));
    input.value = "";
  };
  return (
    <form class="composer" aria-label={w.newMessage} onSubmit={onSubmit}>
      <AwayNote />
      {problem !== null && <p class="note hard small" role="alert"><Icon name="warn" small /><span>{problem}</span></p>}
      {composer.editing !== undefined && (
        <p class="aim"><span>{w.editing}</span><button type="button" class="btn plain" onClick={actions.cancelEdit}>{w.keepAsItWas}</button></p>
      )}
      {composer.task !== undefined && (
        <p class="aim">
          <span class="clip">{w.toTask} <bdi>{composer.task.title}</bdi></span>
          <button type="button" class="ib" aria-label={w.notToTask} onClick={() => actions.steer(null)}><Icon name="x" small /></button>
        </p>
      )}
      <Attachments />
      <div class="box">
        <label class="ib" data-testid="attach">
          <span class="vh">{w.attach}</span><Icon name="clip" />
          <input class="vh" type="file" multiple onChange={onFiles} />
        </label>
        <textarea ref={field} data-testid="composer" rows={1} dir="auto" value={composer.draft} aria-label={w.messageTo(name)}
          placeholder={w.placeholder(name)} enterkeyhint={entersSend() ? "send" : "enter"}
          onInput={(event) => actions.setDraft(event.currentTarget.value)} onKeyDown={onKeyDown} onPaste={onPaste} />
        <button type="submit" class="ib go" data-testid="send" aria-label={composer.editing === undefined ? w.send : w.saveEdit}
          aria-disabled={!composer.canSend}><Icon name={composer.editing === undefined ? "send" : "check"} /></button>
      </div>
    </form>
  );
}
