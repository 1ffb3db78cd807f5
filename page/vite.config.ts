import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the page with a panel that runs at the usual address.
export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": { target: "http://127.0.0.1:5678", ws: true } } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}", "scripts/*.test.mjs"] },
});
