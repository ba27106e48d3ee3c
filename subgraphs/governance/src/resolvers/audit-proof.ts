import { hashText } from "../domain/audit-record.ts";
import type {
  AuditConsistencyProofResolvers,
  AuditExportResolvers,
  AuditInclusionProofResolvers,
} from "../generated/resolvers.ts";

/** That a record is in the tree of a seal. */
export const AuditInclusionProof: AuditInclusionProofResolvers = {
  hashes: ({ hashes }) => hashes.map(hashText),
};

/** That the log of one seal is the beginning of that of another. */
export const AuditConsistencyProof: AuditConsistencyProofResolvers = {
  hashes: ({ hashes }) => hashes.map(hashText),
};

/** The frame of an export. */
export const AuditExport: AuditExportResolvers = {
  tenant: ({ tenantId }) => ({ id: tenantId }),
  begin: ({ range }) => range.begin,
  end: ({ range }) => range.end,
  hashesBefore: ({ before }) => before.map(hashText),
  hashesAfter: ({ after }) => after.map(hashText),
};
