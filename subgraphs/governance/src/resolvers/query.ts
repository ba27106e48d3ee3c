import { executionIdArgument, momentArgument, pageSize, placeArgument } from "../domain/audit-filter.ts";
import { eventIdArgument } from "../domain/event-id-argument.ts";
import type { QueryResolvers } from "../generated/resolvers.ts";
import { toVerifyAuditResult } from "./audit-result.ts";
import { timeText } from "./time-text.ts";
import { trustedSealsArgument } from "./trusted-seals-argument.ts";

/** What the governance room answers. */
export const Query: QueryResolvers = {
  eventLineage: (_root, { eventId }, { loaders }) => loaders.lineage.load(eventIdArgument(eventId)),
  auditLog: (_root, asked, { caller, audit }) => audit.listAudit(caller.tenantId, asked),
  executionNumbers: (_root, { input }, { caller, audit }) =>
    audit
      .executionNumbers(caller.tenantId, input)
      .then(({ completeToMs, ...told }) => ({ ...told, completeTo: timeText(completeToMs) })),
  auditRecord: (_root, { executionId }, { caller, audit }) =>
    audit.findRecord(caller.tenantId, executionIdArgument(executionId)),
  auditInclusionProof: (_root, { executionId }, { caller, audit }) =>
    audit.proveInclusion(caller.tenantId, executionIdArgument(executionId)),
  auditConsistencyProof: (_root, { fromSeal, toSeal }, { caller, audit }) =>
    audit.proveConsistency(caller.tenantId, placeArgument(fromSeal, "fromSeal"), placeArgument(toSeal, "toSeal")),
  auditSeals: (_root, asked, { caller, audit }) => audit.listSeals(caller.tenantId, asked),
  auditKeys: (_root, _args, { audit }) => audit.auditKeys,
  verifyAudit: (_root, { range, trustedSeals }, { caller, audit, nowMs }) =>
    audit
      .verifyAudit(
        caller.tenantId,
        {
          from: placeArgument(range?.from ?? 0, "range.from"),
          to: range?.to === null || range?.to === undefined ? null : placeArgument(range.to, "range.to"),
        },
        trustedSealsArgument(trustedSeals),
      )
      .then((verdict) => toVerifyAuditResult(verdict, nowMs())),
  auditExport: (_root, { from, to }, { caller, audit }) =>
    audit.exportAudit(caller.tenantId, momentArgument(from), momentArgument(to)),
  auditSegment: (_root, { begin, end, first }, { caller, audit }) =>
    audit.readSegment(
      caller.tenantId,
      { begin: placeArgument(begin, "begin"), end: placeArgument(end, "end") },
      pageSize(first),
    ),
};
