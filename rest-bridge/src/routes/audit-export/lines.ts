import type { RestAuditExportQuery, RestAuditSegmentQuery } from "../../generated/graphql.ts";

/** Names the format of the lines. */
const FORMAT = "tessera-audit-export/1";

/** The frame of an export as the graph gives it. */
export type ExportFrame = RestAuditExportQuery["auditExport"];
/** Some records with the seals that end among them, as the graph gives them. */
export type ExportSegment = RestAuditSegmentQuery["auditSegment"];

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** The first line: whose log it is, which places follow, and what they are verified with. */
export const headerLine = (frame: ExportFrame, keys: RestAuditExportQuery["auditKeys"], exportedAtMs: number): string =>
  line({
    type: "header",
    format: FORMAT,
    tenantId: frame.tenant.id,
    exportedAt: new Date(exportedAtMs).toISOString(),
    ...{ begin: frame.begin, end: frame.end, hashesBefore: frame.hashesBefore },
    keys,
  });

/** The records of a segment, each seal behind the last record it covers. */
export const segmentLines = ({ records, seals }: ExportSegment): string => {
  const sealsAt = new Map<number, string>();
  for (const { treeSize, jws } of seals)
    sealsAt.set(Number(treeSize), (sealsAt.get(Number(treeSize)) ?? "") + line({ type: "seal", jws }));
  return records
    .map(({ sequence, hash, canonical }) => {
      // The canonical text is JSON already: it stands in the line as it was hashed.
      const record = `{"type":"record","hash":"${hash}","document":${canonical}}\n`;
      return record + (sealsAt.get(Number(sequence) + 1) ?? "");
    })
    .join("");
};

/** The last line: the seal that covers everything, with the hashes of what is behind the last record. */
export const endLine = (frame: ExportFrame): string =>
  line({ type: "end", end: frame.end, hashesAfter: frame.hashesAfter, seal: frame.seal?.jws ?? null });

/** The last line of an export that could not be brought to its end. */
export const brokenLine = (code: string, detail: string): string => line({ type: "error", code, detail });
