import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

const OUT = "../src/lexiscope/server/page";

/** Puts the script, the styles and the icon into the page itself, which is then one file. */
function inlined(): Plugin {
  return {
    name: "inlined",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const page of Object.values(bundle)) {
        if (page.type !== "asset" || !page.fileName.endsWith(".html")) continue;
        let html = String(page.source);
        for (const [name, file] of Object.entries(bundle)) {
          if (file === page) continue;
          const content = file.type === "chunk" ? file.code : String(file.source);
          const tag = file.type === "chunk" ? `<script [^>]*${name}[^>]*></script>` : `<link [^>]*${name}[^>]*>`;
          // What ends a script ends it within a string of it too.
          const code = content.trim().replace(/<\/(script|style)/g, "<\\/$1");
          const put = file.type === "chunk" ? `<script type="module">${code}</script>` : `<style>${code}</style>`;
          if (!new RegExp(tag).test(html)) this.error(`${page.fileName} does not ask for ${name}`);
          html = html.replace(new RegExp(tag), () => put);
          delete bundle[name];
        }
        const icon = encodeURIComponent(readFileSync("public/icon.svg", "utf-8").replace(/\s+/g, " "));
        page.source = html.replace("./icon.svg", `data:image/svg+xml,${icon}`);
      }
    },
  };
}

/** Builds what is beside the server's page, one file each: the report, the page alone, its widget. */
function alone(): Plugin {
  return {
    name: "alone",
    apply: "build",
    async closeBundle() {
      for (const input of ["report.html", "alone.html"]) {
        await build({
          configFile: false,
          logLevel: "warn",
          plugins: [svelte(), inlined()],
          base: "./",
          publicDir: false,
          build: {
            outDir: OUT,
            emptyOutDir: false,
            target: "es2022",
            modulePreload: false,
            rolldownOptions: { input },
          },
        });
      }
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        build: {
          outDir: OUT,
          emptyOutDir: false,
          target: "es2022",
          minify: true,
          lib: { entry: "src/notebook/widget.ts", formats: ["es"], fileName: () => "widget.js" },
        },
      });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), alone()],
  base: "./",
  build: {
    outDir: OUT,
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
