import { errorMessage } from "@tessera/platform/errors/error-message";
import { systemNowMs } from "@tessera/platform/time/clock";
import { readDemoTarget } from "./config.ts";
import { importFile, type ImportSummary, type LineTrouble } from "./import-file.ts";
import { HELP, readOptions, UsageError, type CliOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { MappingError } from "./mapping.ts";
import { sendEvents, type Target } from "./send-events.ts";

const targetOf = async (options: CliOptions): Promise<Target> => {
  const demo = await readDemoTarget();
  const [url, apiKey] = [options.url ?? demo?.url, options.key ?? demo?.apiKey];
  if (url === undefined || apiKey === undefined)
    throw new UsageError(
      "No running instance is known here. Start one with npm start, or name it with --url and --key.",
    );
  return { url, apiKey };
};

const troubleLines = (what: string, count: number, lines: readonly LineTrouble[]): readonly string[] => [
  ...lines.map(({ line, reason }) => `  line ${line} ${what}: ${reason}`),
  ...(count > lines.length ? [`  ... and ${count - lines.length} more ${what}`] : []),
];

const summaryText = (summary: ImportSummary): string =>
  [
    ...troubleLines("malformed", summary.malformed, summary.malformedLines),
    ...troubleLines("rejected", summary.rejected, summary.rejectedLines),
    `${summary.records} well-formed lines: ${summary.accepted} accepted, ${summary.duplicate} there already, ${summary.rejected} rejected; ${summary.malformed} malformed lines.`,
  ].join("\n");

const run = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (options === null) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const target = await targetOf(options);
  const progress = createProgress(process.stderr, systemNowMs);
  const summary = await importFile({
    ...options,
    send: (events) => sendEvents(target, events),
    onProgress: (share, lines) => progress.update(share, lines),
  }).finally(() => progress.end());
  process.stdout.write(`${summaryText(summary)}\n`);
  return summary.rejected === 0 || options.tolerateRejected ? 0 : 1;
};

const isUsage = (error: unknown): boolean =>
  error instanceof UsageError || error instanceof MappingError || (error instanceof TypeError && "code" in error);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = isUsage(error) ? 2 : 1;
}
