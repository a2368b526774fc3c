/** Keeps what is being read where it is, in browsers that do not do so themselves (Safari). */

interface Place {
  readonly entry: Element;
  readonly offset: number;
}

function topmost(scroller: Element): Place | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const entry of scroller.querySelectorAll("[data-testid=entry]")) {
    const box = entry.getBoundingClientRect();
    if (box.bottom > edge) return { entry, offset: box.top - edge };
  }
  return null;
}

/** Watches `content` inside `scroller`, whose end is at scroll position 0. Returns how to stop. */
export function keepPlace(scroller: HTMLElement, content: HTMLElement): () => void {
  if (CSS.supports("overflow-anchor", "auto")) return () => undefined;
  let place: Place | null = null;
  const remember = () => { place = scroller.scrollTop < -1 ? topmost(scroller) : null; };
  const observer = new ResizeObserver(() => {
    if (place === null || !place.entry.isConnected) return remember();
    const offset = place.entry.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    if (offset !== place.offset) scroller.scrollTop += offset - place.offset;
  });
  scroller.addEventListener("scroll", remember, { passive: true });
  observer.observe(content);
  return () => {
    scroller.removeEventListener("scroll", remember);
    observer.disconnect();
  };
}
