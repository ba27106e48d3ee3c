import type { Resources } from "@tessera/platform/runtime/resources";
import { createApartWatch } from "./apart-watch.ts";
import { createLogRetention } from "./log-retention.ts";
import type { Role } from "./shell.ts";

/** What is done about the event log beside its consumers: keeping it to its retention, and watching who stands apart from them. */
export const logParts = (
  resources: Pick<Resources, "sql" | "logger" | "metrics">,
): Required<Pick<Role, "parts" | "notes">> => {
  const apart = createApartWatch(resources);
  return { parts: [createLogRetention(resources), apart], notes: apart.notes };
};
