import { useEffect, useRef, useState } from "preact/hooks";

import type { SearchHit } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { FileRow } from "./file_row.tsx";
import { when } from "./format.ts";
import { TopBar } from "./top_bar.tsx";
import { useSearch } from "./use_search.ts";
import { words } from "./words.ts";

function Field(props: { label: string; value: string; onChange: (value: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <input ref={field} class="field" type="search" dir="auto" aria-label={props.label} placeholder={props.label} value={props.value}
      onInput={(event) => props.onChange(event.currentTarget.value)} />
  );
}

function Hit(props: { hit: SearchHit }) {
  const { actions } = useDeskhand();
  const { hit } = props;
  return (
    <li>
      <button type="button" class="row link" onClick={() => actions.navigate({ screen: "thread", seq: hit.seq })}>
        <span>
          <span class="meta">{words.value.kind[hit.kind]} · {when(hit.at)}</span>
          <span class="found" dir="auto">{hit.excerpt.slice(0, hit.start)}<mark>{hit.excerpt.slice(hit.start, hit.end)}</mark>{hit.excerpt.slice(hit.end)}</span>
        </span>
      </button>
    </li>
  );
}

/** The whole thread as it is on this device. A hit leads back to its place. */
export function SearchScreen() {
  const { actions } = useDeskhand();
  const [query, setQuery] = useState("");
  const w = words.value;
  const found = useSearch(query.trim(), (text) => (text === "" ? Promise.resolve([]) : actions.search(text)));
  return (
    <>
      <TopBar title={w.search} />
      <main class="page">
        <Field label={w.searchThread} value={query} onChange={setQuery} />
        <div aria-live="polite">
          {query.trim() === "" && <p class="meta">{w.searchHow}</p>}
          {query.trim() !== "" && found.state === "found" && found.hits.length === 0 && <p>{w.nothingFound(query.trim())}</p>}
          {found.state === "failed" && <p role="alert">{found.problem}</p>}
          {query.trim() !== "" && found.state === "found" && found.hits.length > 0 && (
            <ul class="rows">{found.hits.map((hit) => <Hit key={hit.seq} hit={hit} />)}</ul>
          )}
        </div>
      </main>
    </>
  );
}

/** Every file the thread has brought, newest first. */
export function FilesScreen() {
  const { actions } = useDeskhand();
  const [query, setQuery] = useState("");
  const w = words.value;
  const found = useSearch(query.trim(), actions.listFiles);
  return (
    <>
      <TopBar title={w.files} />
      <main class="page">
        <Field label={w.searchFiles} value={query} onChange={setQuery} />
        <div aria-live="polite">
          {found.state === "searching" && <p class="meta">{w.loading}</p>}
          {found.state === "failed" && <p role="alert">{found.problem}</p>}
          {found.state === "found" && found.hits.length === 0 && <p>{query.trim() === "" ? w.noFiles : w.nothingFound(query.trim())}</p>}
          {found.state === "found" && found.hits.length > 0 && (
            <ul class="rows">{found.hits.map((file) => <li key={file.id}><FileRow file={file} /></li>)}</ul>
          )}
        </div>
      </main>
    </>
  );
}
