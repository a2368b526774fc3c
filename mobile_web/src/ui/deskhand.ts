import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Deskhand } from "../state/actions.ts";

export const DeskhandContext = createContext<Deskhand | null>(null);

/** What the page shows and what a person can do. Only below `<App>`. */
export function useDeskhand(): Deskhand {
  const deskhand = useContext(DeskhandContext);
  if (deskhand === null) throw new Error("a screen was drawn outside <App>");
  return deskhand;
}
