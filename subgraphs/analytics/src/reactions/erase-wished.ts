import { PERSON_ERASURE_WISHED, type PersonErasureWished } from "@tessera/contracts/events/person-erasure";
import type { TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import { parseErasureReason } from "../domain/people/erasure.ts";
import { parseId, userKey, visitorKey } from "../domain/people/identity.ts";
import type { ErasureStore } from "../store/people/erasure-store.ts";

/** Name of the consumer in the event log: its place tells which wishes were taken. */
const CONSUMER = "analytics.erasures";

const told = z.object({
  ...{ erasureId: z.uuid(), kind: z.enum(["USER", "VISITOR"]), id: z.string() },
  ...{ reason: z.string(), by: z.string() },
}) satisfies z.ZodType<Omit<PersonErasureWished, "tenantId">>;

/** Takes the wishes of other rooms to erase somebody: each makes one erasure, however often it is told. One that can't be read is logged and passed over. */
export const createErasureWishes = (deps: {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly erasures: Pick<ErasureStore, "wishWith">;
}): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: CONSUMER, topic: PERSON_ERASURE_WISHED },
    handle: async (transaction, tenantId, entries) => {
      for (const { payload } of entries) {
        const wish = told.parse(payload);
        try {
          const id = parseId(wish.id, "id");
          const key = wish.kind === "USER" ? userKey(id) : visitorKey(id);
          const reason = parseErasureReason(wish.reason, key);
          const erasure = { id: wish.erasureId, key, reason, by: wish.by };
          if ((await deps.erasures.wishWith(transaction, tenantId, erasure)) === null)
            throw new Error("The tenant has too many erasures under way.");
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          deps.logger.error({ erasure: wish.erasureId, code: error.code }, "A wish to erase a person can't be taken.");
        }
      }
    },
  });
