/**
 * Every screen from literal view models; never part of the build. Serve with `npx vite` and open
 * `/tests/ui/gallery.html?scene=thread&theme=dark&dir=rtl`; without a scene it lists them.
 */
import { render } from "preact";

import { renderMarkdown } from "../../src/io/markdown.ts";
import { App } from "../../src/ui/app.tsx";
import { bench, type Bench } from "./bench.ts";
import { scenes } from "./scenes.ts";

declare global {
  interface Window {
    bench: Bench;
  }
}

const asked = new URLSearchParams(location.search);
const root = document.getElementById("app");
document.documentElement.dir = asked.get("dir") ?? "ltr";
const scene = scenes[asked.get("scene") ?? ""];
if (root !== null && scene !== undefined) {
  window.bench = bench(renderMarkdown);
  window.bench.view.preferences.value = { theme: asked.get("theme") === "dark" ? "dark" : "light", language: null };
  scene(window.bench);
  render(<App view={window.bench.view} actions={window.bench.actions} />, root);
} else if (root !== null) {
  render(<main><h1>Gallery</h1><ul>{Object.keys(scenes).map((name) => <li key={name}><a href={`?scene=${name}`}>{name}</a></li>)}</ul></main>, root);
}
