import { createHash } from "node:crypto";
import { refuse } from "@tessera/platform/errors/refusal";
import { pictureOf } from "../../domain/reports/picture.ts";
import { REPORT_LIMITS, type ReportFormat } from "../../domain/reports/report.ts";
import type { ReportContent, Section } from "../../domain/reports/section.ts";
import type { NewReportFile } from "../../store/reports/report-store-types.ts";
import { drawChart, type Drawn } from "./draw-chart.ts";
import { writeCsv } from "./write-csv.ts";
import { writeHtml } from "./write-html.ts";
import { writeWorkbook } from "./write-xlsx.ts";

/** Pictures of a report's sections, one after the other; others have their turn between two. */
export const drawPictures = async (
  { sections }: ReportContent,
  signal: AbortSignal,
): Promise<ReadonlyMap<Section, Drawn>> => {
  const pictures = new Map<Section, Drawn>();
  for (const section of sections) {
    signal.throwIfAborted();
    const found = section.kind === "ANSWER" ? pictureOf(section.chart, section.parts.shape) : null;
    if (found !== null) pictures.set(section, await drawChart(found.picture));
  }
  return pictures;
};

const bytesOf = async (format: ReportFormat, content: ReportContent, signal: AbortSignal): Promise<Uint8Array> => {
  switch (format) {
    case "HTML":
      return writeHtml(content, await drawPictures(content, signal));
    case "CSV":
      return writeCsv(content);
    case "XLSX":
      return writeWorkbook(content);
  }
};

/** A report as files; refuses with RESULT_TOO_LARGE what is larger than a file may be. */
export const makeFiles = async (
  formats: readonly ReportFormat[],
  content: ReportContent,
  signal: AbortSignal,
): Promise<readonly NewReportFile[]> => {
  const files: NewReportFile[] = [];
  for (const format of formats) {
    const bytes = await bytesOf(format, content, signal);
    if (bytes.length > REPORT_LIMITS.fileBytes)
      throw refuse(
        "RESULT_TOO_LARGE",
        `The ${format} file has ${bytes.length} bytes, and ${REPORT_LIMITS.fileBytes} fit: take fewer widgets, or questions with fewer rows.`,
      );
    files.push({ format, bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  return files;
};
