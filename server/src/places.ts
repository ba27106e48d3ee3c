import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Files of the installation the composition root reads, absolute. */
export const places = {
  postgresMigrations: resolve(root, "prisma/migrations"),
  clickhouseMigrations: resolve(root, "clickhouse/migrations"),
  supergraphFile: resolve(root, "supergraph.yaml"),
  supergraphSdl: resolve(root, "supergraph.graphql"),
} as const;
