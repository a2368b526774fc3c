import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { ThreadView } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { Empty } from "./empty.tsx";
import { Entry } from "./entry.tsx";
import { dayTitle } from "./format.ts";
import { Icon } from "./icon.tsx";
import { keepPlace } from "./keep_place.ts";
import { byDay, heldBack, newest } from "./timeline.ts";
import { words } from "./words.ts";

const END_PX = 48;
const OLDER_PX = 1200;
/** On an entry that was jumped to, until it has faded. */
const MARKED = "marked";

function Older(props: { thread: ThreadView }) {
  const { actions } = useDeskhand();
  const w = words.value;
  switch (props.thread.older) {
    case "start": return null;
    case "loading": return <p class="older meta" role="status">{w.loadingOlder}</p>;
    case "more": return <p class="older"><button type="button" class="btn plain" onClick={actions.loadOlder}>{w.showOlder}</button></p>;
    case "failed":
      return (
        <p class="older small" role="alert">
          {props.thread.olderProblem} <button type="button" class="btn" onClick={actions.loadOlder}>{w.tryAgain}</button>
        </p>
      );
  }
}

/** The thread: a scroller whose zero is its end, so that what comes below moves nothing that is being read. */
export function ThreadList() {
  const { view, actions } = useDeskhand();
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [lastSeen, setLastSeen] = useState<string | null>(null);
  const thread = view.thread.value;
  const route = view.route.value;
  const w = words.value;
  const { shown, waiting } = heldBack(thread.items, lastSeen);
  const target = route.screen === "thread" ? route.seq : undefined;

  const toEnd = () => {
    setLastSeen(null);
    scroller.current?.scrollTo({ top: 0 });
  };

  const mineLast = thread.items.findLast((item) => item.type === "message" && item.mine)?.key;
  useLayoutEffect(toEnd, [mineLast]);

  useEffect(() => {
    if (scroller.current === null || content.current === null) return undefined;
    return keepPlace(scroller.current, content.current);
  }, []);

  useEffect(() => {
    if (target === undefined) return;
    setLastSeen(null);
    void actions.reveal(target).then(() => {
      const found = scroller.current?.querySelector(`[data-seq="${target}"]`)?.closest<HTMLElement>("[data-testid=entry]");
      if (found === null || found === undefined) return;
      found.scrollIntoView({ block: "center" });
      found.tabIndex = -1;
      found.focus({ preventScroll: true });
      found.classList.add(MARKED);
      found.addEventListener("animationend", () => found.classList.remove(MARKED), { once: true });
    });
  }, [target]);

  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    const fromEnd = -box.scrollTop;
    if (fromEnd < END_PX) setLastSeen(null);
    else if (lastSeen === null) setLastSeen(newest(view.thread.peek().items));
    if (view.thread.peek().older === "more" && box.scrollHeight - box.clientHeight - fromEnd < OLDER_PX) actions.loadOlder();
  };

  const groups = byDay(shown);
  const empty = thread.ready && thread.older === "start" && !thread.items.some((item) => item.type !== "day" && item.type !== "device");
  return (
    <div class="stage">
      <main ref={scroller} class="scroller" tabIndex={0} aria-label={w.threadLabel} onScroll={onScroll}>
        <div ref={content} class="thread">
          <h1 class="vh">{w.threadWith(view.header.value.name)}</h1>
          <Older thread={thread} />
          {groups.map((group) => (
            <section key={group.day?.key ?? "first"} class="group">
              {group.day !== null && <h2 class="day">{dayTitle(group.day.date)}</h2>}
              <ol>{group.entries.map(({ item, near }) => <Entry key={item.key} item={item} near={near} />)}</ol>
            </section>
          ))}
          {empty && <Empty />}
        </div>
      </main>
      {waiting > 0 && (
        <button type="button" class="pill" onClick={toEnd}>{w.newBelow(waiting)} <Icon name="down" small /></button>
      )}
      {waiting === 0 && lastSeen !== null && (
        <button type="button" class="pill quiet" aria-label={w.toEnd} onClick={toEnd}><Icon name="down" small /></button>
      )}
    </div>
  );
}
