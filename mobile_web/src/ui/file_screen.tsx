import { useEffect, useState } from "preact/hooks";

import type { FileView, OpenedFile, PreviewView } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { count, percent, size, when } from "./format.ts";
import { Grid } from "./grid.tsx";
import { Icon } from "./icon.tsx";
import { Markdown } from "./markdown.tsx";
import { TopBar } from "./top_bar.tsx";
import { words } from "./words.ts";

type Shown = { readonly previews: readonly PreviewView[] } | { readonly problem: string } | null;

/** The phone reads images, text and Markdown itself; everything else comes prepared by the computer. */
function readsItself(file: FileView): boolean {
  return /^(image\/(png|jpeg|gif|webp|avif)|text\/)/.test(file.mime);
}

function ofOpened(opened: OpenedFile): readonly PreviewView[] {
  if (opened.file.mime.startsWith("image/")) return [{ kind: "image", url: opened.url }];
  if (opened.text === undefined) return [];
  return [{ kind: /markdown/.test(opened.file.mime) || opened.file.name.endsWith(".md") ? "markdown" : "text", text: opened.text }];
}

function useFile(file: FileView, attempt: number): Shown {
  const { actions } = useDeskhand();
  const [shown, setShown] = useState<Shown>(null);
  useEffect(() => {
    let here = true;
    let opened: OpenedFile | undefined;
    const load = async (): Promise<Shown> => {
      const previews = file.hasPreview ? await actions.openPreviews(file) : [];
      if (previews.length > 0 || !readsItself(file) || file.availability === "gone") return { previews };
      opened = await actions.openFile(file);
      return { previews: ofOpened(opened) };
    };
    setShown(null);
    load().then((it) => { if (here) setShown(it); }, (error: Error) => { if (here) setShown({ problem: error.message }); });
    return () => { here = false; opened?.release(); };
  }, [file.id, attempt]);
  return shown;
}

function Page(props: { preview: PreviewView; name: string }) {
  const { preview, name } = props;
  const w = words.value;
  switch (preview.kind) {
    case "grid": {
      const [head = [], ...body] = preview.rows;
      const total = preview.totalRows ?? body.length;
      return (
        <>
          <Grid rows={preview.rows} label={preview.note ?? name} />
          <p class="meta tools">{w.gridSize(count(body.length), count(total), head.length, total > body.length)}</p>
        </>
      );
    }
    case "markdown":
      return <div class="sheet-of-text"><Markdown text={preview.text} /></div>;
    case "text":
      return <pre class="sheet-of-text" dir="auto" tabIndex={0} role="region" aria-label={name}>{preview.text}</pre>;
    case "image":
      return <img class="leaf" src={preview.url} alt={preview.note ?? w.previewOf(name)} />;
  }
}

function Previews(props: { previews: readonly PreviewView[]; name: string }) {
  const [at, setAt] = useState(0);
  const { previews, name } = props;
  const w = words.value;
  const shown = previews[at];
  if (shown === undefined) return <p class="tools">{w.noPreview}</p>;
  const pages = previews.every((one) => one.kind === "image") && previews.length > 1;
  return (
    <>
      {previews.length > 1 && !pages && (
        <div class="tools">
          <select class="field" aria-label={w.part} value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
            {previews.map((one, index) => <option key={index} value={index}>{one.note ?? `${w.previewKind[one.kind]} ${index + 1}`}</option>)}
          </select>
        </div>
      )}
      <section class={shown.kind === "image" ? "pages" : ""}><Page key={at} preview={shown} name={name} /></section>
      {pages && (
        <nav class="tools" aria-label={w.pages}>
          <button type="button" class="btn wide" disabled={at === 0} onClick={() => setAt(at - 1)}><Icon name="back" small class="flip" /> {w.pageBack}</button>
          <span class="meta num" role="status">{w.pageOf(at + 1, previews.length)}</span>
          <button type="button" class="btn wide" disabled={at === previews.length - 1} onClick={() => setAt(at + 1)}>{w.pageNext} <Icon name="fwd" small class="flip" /></button>
        </nav>
      )}
    </>
  );
}

/** A file of the thread: what can be seen of it here, Share and Download. */
export function FileScreen(props: { file: FileView }) {
  const { view, actions } = useDeskhand();
  const { file } = props;
  const [attempt, setAttempt] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const shown = useFile(file, attempt);
  const w = words.value;
  const under_way = view.transfers.value.get(file.id);
  const run = (what: Promise<unknown>) => {
    setProblem(null);
    what.catch((error: Error) => setProblem(error.message));
  };
  const here = file.availability !== "gone";
  const about = [size(file.bytes), file.at !== undefined && w.madeAt(when(file.at))].filter(Boolean).join(" · ");
  return (
    <div class="fixed">
      <TopBar title={file.name} note={about}>
        {here && "share" in navigator && <button type="button" class="ib" aria-label={w.share} onClick={() => run(actions.share(file))}><Icon name="share" /></button>}
        {here && <button type="button" class="ib" aria-label={w.download} onClick={() => run(actions.download(file))}><Icon name="download" /></button>}
      </TopBar>
      {under_way !== undefined && (
        <p class="tools"><span class="meta" role="status">{w.fetched(percent(under_way))}</span><progress max={100} value={under_way} aria-label={w.loading} /></p>
      )}
      {problem !== null && <p class="note hard small" role="alert"><Icon name="warn" /><span>{problem}</span></p>}
      <main class="viewer">
        {!here && <p class="tools">{w.fileGone}{file.path !== undefined && <> <code>{file.path}</code></>}</p>}
        {here && shown === null && <p class="tools" role="status">{file.availability === "computer" ? w.askingComputer : w.loading}</p>}
        {shown !== null && "problem" in shown && (
          <div class="tools"><p role="alert">{shown.problem}</p><button type="button" class="btn" onClick={() => setAttempt(attempt + 1)}>{w.tryAgain}</button></div>
        )}
        {here && shown !== null && "previews" in shown && <Previews previews={shown.previews} name={file.name} />}
      </main>
    </div>
  );
}
