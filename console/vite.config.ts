import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The pages are served under /graphiql by the process itself; every asset has its hash in its name, and nothing is inlined for the CSP. */
export default defineConfig({
  base: "/graphiql/",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor is one large library; it is fetched once and then cached for good.
    chunkSizeWarningLimit: 8_192,
    reportCompressedSize: false,
    rolldownOptions: {
      // GraphiQL's packages are marked for a compiler that has already run.
      onwarn: (warning, tell) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") tell(warning);
      },
    },
  },
});
