import { useDeskhand } from "./deskhand.ts";

/** Markdown from the computer, sanitised; plain text until the renderer is loaded. */
export function Markdown(props: { text: string; streaming?: boolean }) {
  const { view } = useDeskhand();
  const render = view.markdown.value;
  const classes = props.streaming ? "md streaming" : "md";
  if (render === null) return <div class={`${classes} raw`} dir="auto"><p>{props.text}</p></div>;
  return <div class={classes} dir="auto" dangerouslySetInnerHTML={render(props.text)} />;
}
