import type { TargetedMouseEvent } from "preact";

import { useDeskhand } from "./deskhand.ts";

/** Shows a remote image in place of its button: nothing is fetched from elsewhere before this tap. */
function revealImage(event: TargetedMouseEvent<HTMLElement>): void {
  const button = (event.target as Element).closest<HTMLButtonElement>(".remote-image");
  if (button?.dataset["src"] === undefined) return;
  const image = new Image();
  image.alt = button.textContent ?? "";
  image.referrerPolicy = "no-referrer";
  image.src = button.dataset["src"];
  button.replaceWith(image);
}

/** Markdown from the computer, sanitised; plain text until the renderer is loaded. */
export function Markdown(props: { text: string; streaming?: boolean }) {
  const { view } = useDeskhand();
  const render = view.markdown.value;
  const classes = props.streaming ? "md streaming" : "md";
  if (render === null) return <div class={`${classes} raw`} dir="auto"><p>{props.text}</p></div>;
  return <div class={classes} dir="auto" onClick={revealImage} dangerouslySetInnerHTML={render(props.text)} />;
}
