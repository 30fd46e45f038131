import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  base: "./",
  build: {
    outDir: "../src/lexiscope/server/page",
    emptyOutDir: true,
    target: "es2022",
    // The policy of the page allows no inline scripts or data addresses for code.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  // `npm run dev` beside `lexiscope view ATLAS --port 8765`.
  server: { proxy: { "/api": "http://127.0.0.1:8765" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
  // Svelte's browser side under vitest.
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
});
