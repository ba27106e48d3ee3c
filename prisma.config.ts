import { defineConfig } from "prisma/config";

/** Where Prisma finds the control plane's schema and migrations; the connection is given by the process that uses it. */
export default defineConfig({ schema: "prisma/schema", migrations: { path: "prisma/migrations" } });
