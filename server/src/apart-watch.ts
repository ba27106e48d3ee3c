import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Resources } from "@tessera/platform/runtime/resources";
import { z } from "zod";
import type { Part } from "./lifecycle.ts";

/** Milliseconds between looks: a scrape of metrics sees what is at most as old. */
const LOOK_MS = 15_000;
/** Characters of a tenant's id and the blank before it, which follow the consumer's name in the name of its row. */
const TENANT_SUFFIX = 37;

const apartAcrossTenants = {
  name: "tenants-apart-across-tenants",
  text: `SELECT left(name, -$1::int) AS consumer, count(*)::int AS tenants, extract(epoch FROM now() - min(apart_since))::float8 AS seconds
    FROM event_log_consumer WHERE apart_tenant IS NOT NULL GROUP BY 1 ORDER BY 1`,
  params: [TENANT_SUFFIX],
};
const apartRow = z.object({ consumer: z.string(), tenants: z.number(), seconds: z.number() });

/** Shows operators which consumers of the event log have tenants that stand apart. */
export interface ApartWatch extends Part {
  /** Looks now. */
  look(): Promise<void>;
  /** One sentence for each consumer with tenants that stand apart, as last seen; of no tenant by name. */
  readonly notes: () => readonly string[];
}

/** Builds {@link ApartWatch}; run by whoever runs consumers, several do no harm. */
export const createApartWatch = ({
  sql,
  logger,
  metrics,
}: Pick<Resources, "sql" | "logger" | "metrics">): ApartWatch => {
  const labels = ["consumer"];
  const help = "Tenants that stand apart from a consumer of the event log, since an entry can't be taken.";
  const tenantsApart = metrics.gauge("tessera_event_log_tenants_apart", help, labels);
  const longest = "Seconds for which a tenant has stood apart from a consumer of the event log, the longest.";
  const oldest = metrics.gauge("tessera_event_log_apart_seconds", longest, labels);
  let timer: NodeJS.Timeout | undefined;
  let notes: readonly string[] = [];
  const look = async (): Promise<void> => {
    const rows = await sql.runAcrossTenants(apartAcrossTenants, (row) => apartRow.parse(row));
    tenantsApart.reset();
    oldest.reset();
    for (const { consumer, tenants, seconds } of rows) {
      tenantsApart.set({ consumer }, tenants);
      oldest.set({ consumer }, seconds);
    }
    notes = rows.map(({ consumer, tenants, seconds }) => {
      const who = tenants === 1 ? "1 tenant stands apart" : `${tenants} tenants stand apart`;
      return `${consumer}: ${who}, for up to ${Math.round(seconds)} s; see docs/operations.md.`;
    });
  };
  return {
    name: "tenants apart",
    look,
    notes: () => notes,
    start: async () => {
      await look();
      timer = setInterval(
        () =>
          void look().catch((error: unknown) =>
            logger.warn({ error: errorMessage(error) }, "Who stands apart from the event log can't be seen."),
          ),
        LOOK_MS,
      );
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
};
