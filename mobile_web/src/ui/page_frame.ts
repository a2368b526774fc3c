/** The few things about the page itself that a component cannot draw: theme, title, and the keyboard on iOS. */
import type { Theme } from "../state/view.ts";

const KEYBOARD_PX = 100;

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/**
 * iOS draws the keyboard over the page and leaves the layout as it was: while it is up, the frame gets the visible
 * height. Elsewhere `interactive-widget=resizes-content` does this by itself. Returns how to stop.
 */
export function followKeyboard(): () => void {
  const visible = window.visualViewport;
  if (visible === null) return () => undefined;
  const follow = () => {
    const covered = visible.scale === 1 && window.innerHeight - visible.height > KEYBOARD_PX;
    const style = document.documentElement.style;
    if (covered) {
      style.setProperty("--visible", `${visible.height}px`);
      window.scrollTo(0, 0);
    } else {
      style.removeProperty("--visible");
    }
  };
  visible.addEventListener("resize", follow);
  return () => visible.removeEventListener("resize", follow);
}
