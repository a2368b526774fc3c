import { useEffect, useRef } from "preact/hooks";

import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** Before what cannot be undone: ink, a warning sign, and a way back that is as wide. */
export function Confirm(props: { title: string; text: string; yes: string; onYes: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    if (box !== null && !box.open) box.showModal();
    return () => box?.close();
  }, []);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="confirm-title" onCancel={(event) => { event.preventDefault(); props.onClose(); }}>
      <div class="sheet-in">
        <h2 id="confirm-title" class="title" dir="auto">{props.title}</h2>
        <p>{props.text}</p>
        <footer>
          <button type="button" class="btn wide" autofocus onClick={props.onClose}>{words.value.keep}</button>
          <button type="button" class="btn ink wide" onClick={() => { props.onYes(); props.onClose(); }}><Icon name="warn" small /> {props.yes}</button>
        </footer>
      </div>
    </dialog>
  );
}
