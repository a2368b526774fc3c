import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Deskhand } from "../state/actions.ts";
import { DeskhandContext, useDeskhand } from "./deskhand.ts";
import { Sprite } from "./icon.tsx";
import { applyTheme, followKeyboard } from "./page_frame.ts";
import "./styles/index.css";
import { ThreadScreen } from "./thread_screen.tsx";
import { Toast } from "./toast.tsx";
import { TopBar } from "./top_bar.tsx";
import { useChunk } from "./use_chunk.ts";
import { words } from "./words.ts";

const loadPairing = () => import("./pairing_screen.tsx");
const loadRare = () => import("./rare.tsx");
const loadLater = () => import("./later.tsx");
const loadDesk = () => import("./desk.tsx");
const WIDE = "(min-width: 1000px)";

/** A screen of another chunk: a word while it comes, a way to try again if it does not. */
function Fetched<T>(props: { load: () => Promise<T>; draw: (it: T) => ComponentChildren }) {
  const chunk = useChunk(props.load);
  const w = words.value;
  if (chunk.state === "loaded") return <>{props.draw(chunk.it)}</>;
  return (
    <>
      <TopBar title="Deskhand" back={null} />
      <main class="page">
        {chunk.state === "failed"
          ? <p role="alert">{w.screenFailed} <button type="button" class="btn" onClick={chunk.retry}>{w.tryAgain}</button></p>
          : <p class="meta" role="status">{w.loading}</p>}
      </main>
    </>
  );
}

function useWide(): boolean {
  const [wide, setWide] = useState(() => window.matchMedia(WIDE).matches);
  useEffect(() => {
    const query = window.matchMedia(WIDE);
    const follow = () => setWide(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return wide;
}

/** The same screens; on a wide one with the other places and the work under way at its sides. */
function Desk(props: { children: ComponentChildren }) {
  const wide = useWide();
  const chunk = useChunk(loadDesk, wide);
  const sides = wide && chunk.state === "loaded" ? chunk.it : null;
  return (
    <div class={wide ? "desk" : ""}>
      {wide && <div>{sides !== null && <sides.SideNav />}</div>}
      <div class={wide ? "middle" : ""}>{props.children}</div>
      {wide && <div>{sides !== null && <sides.SideWork />}</div>}
    </div>
  );
}

function Screen() {
  const { view, actions } = useDeskhand();
  const [heldSeen, setHeldSeen] = useState<string | null>(null);
  const obstacle = view.obstacle.value;
  const paired = view.paired.value;
  const frozen = view.frozen.value;
  const { screen } = view.route.value;
  if (obstacle !== null) return <Fetched key="obstacle" load={loadRare} draw={(it) => <it.ObstacleScreen obstacle={obstacle} />} />;
  if (paired === null) return null;
  const pairing = view.pairing.value.step !== "none" && view.pairing.value.step !== "paired";
  if (!paired || pairing || screen === "pairing") return <Fetched key="pairing" load={loadPairing} draw={(it) => <it.PairingScreen />} />;
  if (frozen !== null && heldSeen !== frozen.since) {
    const read = () => {
      setHeldSeen(frozen.since);
      actions.navigate({ screen: "thread" });
    };
    return <Fetched key="frozen" load={loadRare} draw={(it) => <it.FrozenScreen frozen={frozen} onRead={read} />} />;
  }
  const atThread = screen === "thread" || screen === "ask" || screen === "task";
  return <Desk>{atThread ? <ThreadScreen onHeld={() => setHeldSeen(null)} /> : <Fetched load={loadLater} draw={(it) => <it.LaterScreen />} />}</Desk>;
}

/** Theme and title follow the view; neither draws anything. */
function Frame() {
  const { view } = useDeskhand();
  const { theme } = view.preferences.value;
  const asks = view.openAsks.value.length;
  const name = view.header.value.name;
  useEffect(followKeyboard, []);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    document.title = [asks > 0 && words.value.asksWait(asks), name, "Deskhand"].filter(Boolean).join(" · ");
  }, [asks, name, words.value]);
  return null;
}

/** The page. Everything it shows is in `view`, everything it can do in `actions`. */
export function App(props: Deskhand) {
  return (
    <DeskhandContext.Provider value={props}>
      <Sprite />
      <Frame />
      <Screen />
      <Toast />
    </DeskhandContext.Provider>
  );
}
