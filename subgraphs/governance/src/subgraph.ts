import { readFileSync } from "node:fs";
import DataLoader from "dataloader";
import { EXECUTION_RECORDED } from "@tessera/contracts/events/execution-recorded";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import { publicKeysOf, signingKeysOf, type PublicSigningKey } from "@tessera/platform/integrity/signing-key";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context } from "./context.ts";
import { createSealer } from "./jobs/sealer.ts";
import { createAuditOperations } from "./operations.ts";
import { createTraceLineage, MAX_EVENTS_PER_TRACE } from "./operations/trace-lineage.ts";
import { permissions } from "./permissions.ts";
import { AUDIT_CONSUMER, recordExecutions } from "./reactions/record-executions.ts";
import { AuditConsistencyProof, AuditExport, AuditInclusionProof } from "./resolvers/audit-proof.ts";
import { AuditRecord, AuditRecordConnection, AuditRecordEdge } from "./resolvers/audit-record.ts";
import { AuditSeal, AuditSealConnection, AuditSealEdge } from "./resolvers/audit-seal.ts";
import { Event } from "./resolvers/event.ts";
import { EventLineage, LineageBatch } from "./resolvers/event-lineage.ts";
import { Mutation } from "./resolvers/mutation.ts";
import { Query } from "./resolvers/query.ts";
import { createAuditStore } from "./store/audit-store.ts";
import { createExecutionStore } from "./store/execution-store.ts";
import { createLineageStore } from "./store/lineage-store.ts";
import { createNodeStore } from "./store/node-store.ts";
import { createSealStore } from "./store/seal-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");
/** Under what purpose the keys of seals are derived from the secrets. */
const SEAL_PURPOSE = "tessera audit seal";

/** What the governance room is given beside the resources. */
export interface GovernanceSecrets {
  /** Secrets the keys of audit seals are derived from: the first signs, the others are former ones. */
  readonly auditSecrets: readonly [string, ...string[]];
}

/** Public keys of the audit seals of an installation with these secrets, the newest first. */
export const auditKeysOf = ({ auditSecrets }: GovernanceSecrets): readonly PublicSigningKey[] =>
  publicKeysOf(auditSecrets, SEAL_PURPOSE);

/** The parts of the audit log: what callers ask for, and what runs in the background. */
const createAudit = (resources: Resources, { auditSecrets }: GovernanceSecrets) => {
  const { sql } = resources;
  const stores = { records: createAuditStore(sql), seals: createSealStore(sql), nodes: createNodeStore(sql) };
  const operations = createAuditOperations({
    ...stores,
    executions: createExecutionStore(sql),
    sql,
    keys: signingKeysOf(auditSecrets, SEAL_PURPOSE),
    nowMs: resources.nowMs,
    source: { consumer: AUDIT_CONSUMER, topic: EXECUTION_RECORDED },
  });
  return {
    operations,
    background: [
      recordExecutions({ ...resources, append: operations.appendRecords }),
      createSealer({ ...resources, ...stores, sealLog: operations.sealLog }),
    ],
  };
};

const resolvers = {
  ...{ Query, Mutation, Event, EventLineage, LineageBatch },
  ...{ AuditRecord, AuditRecordConnection, AuditRecordEdge, AuditSeal, AuditSealConnection, AuditSealEdge },
  ...{ AuditInclusionProof, AuditConsistencyProof, AuditExport },
};

/** Builds the governance room: the lineage of events, and the audit log. */
export const createGovernanceSubgraph = (resources: Resources, secrets: GovernanceSecrets): Subgraph => {
  const { eventStore, nowMs, logger } = resources;
  const traceLineage = createTraceLineage({ store: createLineageStore(eventStore), nowMs });
  const audit = createAudit(resources, secrets);
  return buildSubgraph<Context>({
    name: "governance",
    sdl,
    resolvers,
    permissions,
    contextFor: ({ caller, signal }) => ({
      caller,
      nowMs,
      audit: audit.operations,
      loaders: {
        lineage: new DataLoader((ids) => traceLineage(caller, ids, signal), {
          maxBatchSize: MAX_EVENTS_PER_TRACE,
        }),
      },
    }),
    logger,
    background: audit.background,
  });
};
