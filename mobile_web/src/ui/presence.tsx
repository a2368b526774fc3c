import type { HeaderView } from "../state/view.ts";
import { useDeskhand } from "./deskhand.ts";
import { when } from "./format.ts";
import { Icon } from "./icon.tsx";
import { words } from "./words.ts";

/** The computer's state in words, with since when and how much it has on. */
export function stateWords(header: HeaderView): string {
  return words.value.presence[header.state](header.since === undefined ? "" : when(header.since), header.running, header.queued);
}

/** The head of the thread: whose computer this is and how it is. A tap says where a message would stop. */
export function Presence() {
  const { view, actions } = useDeskhand();
  const header = view.header.value;
  const w = words.value;
  return (
    <header class="bar">
      <button type="button" class="who" data-testid="presence" data-state={header.state} onClick={() => actions.navigate({ screen: "diagnosis" })}>
        <Icon name="mark" />
        <span class="clip">
          <b class="clip"><bdi>{header.name || w.yourComputer}</bdi></b>
          <span class="meta clip" role="status">{header.state === "asleep" && <><Icon name="moon" small /> </>}{stateWords(header)}</span>
        </span>
      </button>
      <button type="button" class="ib" aria-label={w.search} onClick={() => actions.navigate({ screen: "search" })}><Icon name="search" /></button>
      <button type="button" class="ib" aria-label={w.more} onClick={() => actions.navigate({ screen: "settings" })}><Icon name="menu" /></button>
    </header>
  );
}
