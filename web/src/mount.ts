/** Opens the page over a host. */

import { mount } from "svelte";
import "./app.css";
import App from "./App.svelte";
import { useHost, type Host } from "./hosts/host";
import { app } from "./lib/app.svelte";

export function mountPage(host: Host): void {
  useHost(host);
  mount(App, { target: document.getElementById("app")! });
  // For the console, and for tests that look at what is drawn.
  Object.assign(globalThis, { lexiscope: app });
}
