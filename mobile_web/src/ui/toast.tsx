import { useEffect } from "preact/hooks";

import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

const SHOWN_MS = 6000;

/** A passing word. One that asks for something stays until it is answered. */
export function Toast() {
  const { view, actions } = useDeskhand();
  const word = view.word.value;
  const w = words.value;
  const stays = word?.code === "update_ready";
  useEffect(() => {
    if (word === null || stays) return undefined;
    const timer = setTimeout(() => actions.dismissWord(word.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [word?.id]);
  return (
    <div class="toasts" role="status">
      {word !== null && (
        <p class="toast" data-state={word.code}>
          <span>{word.text ?? w.word[word.code]}</span>
          {stays && <button type="button" class="btn" onClick={actions.update}>{w.reload}</button>}
          <button type="button" class="ib" aria-label={w.dismiss} onClick={() => actions.dismissWord(word.id)}><Icon name="x" small /></button>
        </p>
      )}
    </div>
  );
}
