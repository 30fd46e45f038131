import { mount } from "svelte";
import "./app.css";
import { app } from "./lib/app.svelte";
import App from "./App.svelte";

mount(App, { target: document.getElementById("app")! });

// For the console, and for tests that look at what is drawn.
Object.assign(globalThis, { lexiscope: app });
