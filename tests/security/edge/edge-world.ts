import type { TwoTenants } from "../../testing/two-tenants.ts";

/** The origin that the instance of these specs allows. */
export const ALLOWED_ORIGIN = "https://console.example.com";
/** Where the instance of these specs says that clients reach it. */
export const PUBLIC_URL = "https://tessera.example.com";

/** An instance at whose edge the specs stand. */
export interface EdgeWorld {
  readonly instance: TwoTenants;
  /** A key of alpha that may do everything but read the schema. */
  readonly plainKey: string;
}

/** Given in `beforeAll`, so that suites ask for it when their tests run. */
export type World = () => EdgeWorld;
