import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, defineConfig, type Plugin } from "vite";

const PUBLIC = join(import.meta.dirname, "public");
const PAGE = join(import.meta.dirname, "../relay/page");

/**
 * Builds the service worker after the page, as one classic script under a name that never changes, and gives it the
 * list of files to keep for offline use with a version that changes when any of them does.
 */
function serviceWorker(): Plugin {
  return {
    name: "deskhand-service-worker",
    apply: "build",
    async writeBundle(_options, bundle) {
      const kept = globSync("**/*", { cwd: PUBLIC, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(PUBLIC.length));
      const digest = createHash("sha256");
      for (const path of kept.toSorted()) digest.update(path).update(readFileSync(PUBLIC + path));
      for (const file of Object.values(bundle)) digest.update(file.type === "chunk" ? file.code : file.source);
      const built = Object.keys(bundle).filter((name) => name !== "index.html").map((name) => `/${name}`);
      await build({
        configFile: false,
        logLevel: "warn",
        define: {
          __SHELL__: JSON.stringify(["/", ...built, ...kept].toSorted()),
          __VERSION__: JSON.stringify(digest.digest("hex").slice(0, 16)),
        },
        build: {
          outDir: PAGE,
          emptyOutDir: false,
          copyPublicDir: false,
          target: "es2022",
          modulePreload: false,
          rolldownOptions: {
            input: join(import.meta.dirname, "src/sw/sw.ts"),
            output: { format: "iife", entryFileNames: "sw.js", codeSplitting: false },
          },
        },
      });
    },
  };
}

export default defineConfig({
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    target: "es2022",
    // Everything the page needs is its own: no inlined data, which the content policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [serviceWorker()],
});
