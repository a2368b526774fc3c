import { useState } from "preact/hooks";

import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

/** What the computer remembers, as the plain text it is: read it, change it, empty it. */
export function MemoryScreen() {
  const { view, actions } = useDeskhand();
  const { memory } = view.facts.value;
  const [edited, setEdited] = useState<{ base: string; text: string } | null>(null);
  const w = words.value;
  const text = edited?.text ?? memory?.text ?? "";
  const stale = edited !== null && memory !== null && edited.base !== memory.sha256;
  return (
    <>
      <TopBar title={w.memory} note={w.memoryNote} />
      <main class="page">
        {memory === null ? <p>{w.memoryEmpty}</p> : (
          <form class="sec" onSubmit={(event) => { event.preventDefault(); actions.saveMemory(text); setEdited(null); }}>
            {memory.tainted && <p class="note small"><Icon name="warn" /><span>{w.memoryTainted}</span></p>}
            {stale && <p class="note hard small" role="alert"><Icon name="warn" /><span>{w.memoryStale}</span></p>}
            <label class="label" for="memory">{w.memoryLabel}</label>
            <textarea class="field" id="memory" rows={16} dir="auto" value={text}
              onInput={(event) => setEdited({ base: edited?.base ?? memory.sha256, text: event.currentTarget.value })} />
            <p class="btns">
              {edited !== null && <button type="button" class="btn wide" onClick={() => setEdited(null)}>{stale ? w.memoryReload : w.memoryDiscard}</button>}
              <button type="submit" class="btn go wide" disabled={edited === null || stale || memory.saving}>{memory.saving ? w.saving : w.memorySave}</button>
            </p>
          </form>
        )}
      </main>
    </>
  );
}
