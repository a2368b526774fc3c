import { useEffect, useState } from "preact/hooks";

const PAUSE_MS = 150;

export type Found<T> = { readonly state: "searching" } | { readonly state: "found"; readonly hits: readonly T[] } | { readonly state: "failed"; readonly problem: string };

/** Runs `find` a moment after the last key; a slow answer to an earlier query never overtakes a later one. */
export function useSearch<T>(query: string, find: (query: string) => Promise<readonly T[]>): Found<T> {
  const [found, setFound] = useState<Found<T>>({ state: "searching" });
  useEffect(() => {
    let here = true;
    const timer = setTimeout(() => {
      find(query).then(
        (hits) => { if (here) setFound({ state: "found", hits }); },
        (error: Error) => { if (here) setFound({ state: "failed", problem: error.message }); },
      );
    }, PAUSE_MS);
    return () => { here = false; clearTimeout(timer); };
  }, [query]);
  return found;
}
