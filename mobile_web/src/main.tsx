import { render } from "preact";

import { createStore } from "./state/store.ts";
import { App } from "./ui/app.tsx";

const { view, actions } = createStore();
const root = document.getElementById("app");
if (root !== null) render(<App view={view} actions={actions} />, root);
