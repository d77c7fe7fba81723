import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Two pages, one for each app; what both use is one chunk. `npm run dev -w web` serves them with the gateway behind. */
export default defineConfig({
  root: at("."),
  plugins: [react()],
  // @stipend/react as it stands here, not as it would be published.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: {
    outDir: at("dist"),
    emptyOutDir: true,
    target: "es2024",
    // Files of their own only: a data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    // Chromium, Firefox and Safari all know modulepreload; the polyfill would be an inline script.
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { member: at("index.html"), admin: at("admin.html") } },
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:8080" },
  },
});
