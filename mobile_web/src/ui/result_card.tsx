import { useEffect, useState } from "preact/hooks";

import type { FileView, PreviewView, ResultItem } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { FileRow } from "./file_row.tsx";
import { clock, count, day, money, span } from "./format.ts";
import { Grid } from "./grid.tsx";
import { Icon } from "./icon.tsx";
import { Markdown } from "./markdown.tsx";
import { StepList } from "./steps.tsx";
import { words } from "./words.ts";

const PEEK_CHARACTERS = 280;

/** The first lines of a file, where the computer sent them along. A file that shows nothing here still opens. */
function Peek(props: { file: FileView }) {
  const { actions } = useDeskhand();
  const [preview, setPreview] = useState<PreviewView | undefined>();
  useEffect(() => {
    let here = true;
    actions.openPreviews(props.file).then(
      ([first]) => { if (here) setPreview(first); },
      () => undefined,
    );
    return () => { here = false; };
  }, [props.file.id]);
  if (preview === undefined) return null;
  const w = words.value;
  if (preview.kind === "grid") return preview.rows.length > 1 ? <Grid rows={preview.rows} label={w.firstRows} peek /> : null;
  if (preview.kind === "image") return <img class="peek-image" src={preview.url} alt={w.previewOf(props.file.name)} />;
  const text = preview.text.slice(0, PEEK_CHARACTERS);
  return <p class="peek-text" dir="auto">{text}{text.length < preview.text.length && "…"}</p>;
}

function Undo(props: { result: ResultItem }) {
  const { actions } = useDeskhand();
  const { result } = props;
  const w = words.value;
  const refused = result.undoRefused ?? [];
  switch (result.undo) {
    case "none":
      return null;
    case "offered":
      return (
        <>
          <button type="button" class="btn plain" data-testid="undo" data-state="offered" onClick={() => actions.undo(result.task)}>
            <Icon name="undo" small class="flip" /> {w.undo(result.undoChanges ?? 0)}
          </button>
          {result.undoUntil !== undefined && <span class="meta push">{w.undoUntil(day(result.undoUntil))}</span>}
        </>
      );
    case "asked":
      return <p class="meta" role="status" data-testid="undo" data-state="asked">{w.undoAsked}</p>;
    case "done":
    case "refused":
      return (
        <div class="sec small" role="status" data-testid="undo" data-state={result.undo}>
          <p>{result.undo === "done" ? w.undone((result.undoRestored ?? []).length) : w.undoRefused}</p>
          {refused.length > 0 && <ul class="ledger">{refused.map((line) => <li key={line} dir="auto">{line}</li>)}</ul>}
        </div>
      );
  }
}

/** How a task ended: text, files, what was not done, undo, and what it took. */
export function ResultCard(props: { result: ResultItem }) {
  const { result } = props;
  const w = words.value;
  const [first] = result.files;
  const tokens = result.usage.inputTokens + result.usage.outputTokens;
  return (
    <>
      <Icon name="done" class="knot" />
      <article class="card" data-testid="result-card" data-seq={result.seq} data-id={result.task} data-state="done">
        <header>
          {result.quoted !== undefined && <p class="re" dir="auto">{result.quoted}</p>}
          <h3 dir="auto">{result.taskTitle ?? w.result}</h3>
          <p class="state">
            <b>{w.taskState.done}</b><span class="num">{clock(result.at)}</span><span class="num">{span(result.seconds)}</span>
            <span class="num">{result.usage.usd === null ? w.tokens(count(tokens)) : money(result.usage.usd)}</span>
          </p>
        </header>
        {result.text !== "" && <div class="body"><Markdown text={result.text} /></div>}
        {result.files.map((file) => <FileRow key={file.id} file={file} />)}
        {first?.hasPreview === true && <Peek file={first} />}
        {result.notDone.length > 0 && (
          <div class="body first">
            <div class="ledger" data-testid="not-done">
              <h4>{w.notDone(result.notDone.length)}</h4>
              <ul>{result.notDone.map((line) => <li key={line} dir="auto">{line}</li>)}</ul>
            </div>
          </div>
        )}
        {result.hasSteps && <StepList task={result.task} steps={[]} whole />}
        {result.undo !== "none" && <footer><Undo result={result} /></footer>}
      </article>
    </>
  );
}
