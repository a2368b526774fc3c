/** Where the person is. The browser's own back and forward work; routes live in memory, positions in its history. */
import { type ReadonlySignal, signal } from "@preact/signals";

import type { Route } from "./view.ts";

const HOME: Route = { screen: "thread" };

export class Router {
  private readonly current = signal<Route>(HOME);
  readonly route: ReadonlySignal<Route> = this.current;
  private readonly routes: Route[] = [HOME];
  private index = 0;

  constructor() {
    history.replaceState({ index: 0 }, "");
    addEventListener("popstate", ({ state }: PopStateEvent) => {
      const index = typeof state?.index === "number" ? state.index : 0;
      this.index = this.routes[index] === undefined ? 0 : index;
      this.current.value = this.routes[this.index] ?? HOME;
    });
  }

  navigate(route: Route): void {
    this.index += 1;
    this.routes.splice(this.index, Infinity, route);
    history.pushState({ index: this.index }, "");
    this.current.value = route;
  }

  back(): void {
    if (this.index > 0) history.back();
    else this.current.value = HOME;
  }
}
