import { useEffect, useState } from "preact/hooks";

export type Chunk<T> = { readonly state: "loading" } | { readonly state: "loaded"; readonly it: T } | { readonly state: "failed"; retry(): void };

/** A part of the page that is fetched when it is first `wanted`. `load` is an `import()`. */
export function useChunk<T>(load: () => Promise<T>, wanted = true): Chunk<T> {
  const [chunk, setChunk] = useState<Chunk<T>>({ state: "loading" });
  const fetch = () => {
    setChunk({ state: "loading" });
    load().then((it) => setChunk({ state: "loaded", it }), () => setChunk({ state: "failed", retry: fetch }));
  };
  useEffect(() => { if (wanted) fetch(); }, [wanted]);
  return chunk;
}
