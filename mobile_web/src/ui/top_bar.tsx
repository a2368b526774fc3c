import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { useDeskhand } from "./deskhand.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** The head of every screen but the thread. `children`: its own buttons, at the end. */
export function TopBar(props: { title: string; note?: string; back?: (() => void) | null; children?: ComponentChildren }) {
  const { actions } = useDeskhand();
  const title = useRef<HTMLHeadingElement>(null);
  // A new screen is announced by its title; a field that wants the focus takes it after this.
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const back = props.back === undefined ? actions.back : props.back;
  return (
    <header class="bar">
      {back !== null && <button type="button" class="ib" aria-label={words.value.back} onClick={back}><Icon name="back" class="flip" /></button>}
      <h1 ref={title} class="two clip" tabIndex={-1}><span class="clip"><bdi>{props.title}</bdi></span>{props.note !== undefined && <span class="meta clip">{props.note}</span>}</h1>
      {props.children}
    </header>
  );
}
