/**
 * Keeps what is being read where it is. The browsers' own scroll anchoring is off here: Safari has none, and in a
 * scroller whose zero is its end Chromium's jumps to the top when earlier entries are put in.
 */

interface Place {
  readonly entry: Element;
  /** Of the entry's top below the scroller's, in px, at the scroll position `at`. */
  readonly offset: number;
  readonly at: number;
}

function offsetOf(entry: Element, scroller: Element): number {
  return entry.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}

function topmost(scroller: Element): Place | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const entry of scroller.querySelectorAll("[data-testid=entry]")) {
    if (entry.getBoundingClientRect().bottom > edge) return { entry, offset: offsetOf(entry, scroller), at: scroller.scrollTop };
  }
  return null;
}

/** Watches `content` inside `scroller`, whose end is at scroll position 0. Returns how to stop. */
export function keepPlace(scroller: HTMLElement, content: HTMLElement): () => void {
  let place: Place | null = null;
  const settle = () => {
    const atEnd = scroller.scrollTop > -1;
    if (place !== null && place.entry.isConnected && !atEnd) {
      // What scrolling does not explain came from something that grew or shrank below.
      const grown = offsetOf(place.entry, scroller) - place.offset + (scroller.scrollTop - place.at);
      if (Math.abs(grown) >= 1) scroller.scrollTop += grown;
    }
    place = atEnd ? null : topmost(scroller);
  };
  const observer = new ResizeObserver(settle);
  scroller.addEventListener("scroll", settle, { passive: true });
  observer.observe(content);
  return () => {
    scroller.removeEventListener("scroll", settle);
    observer.disconnect();
  };
}
