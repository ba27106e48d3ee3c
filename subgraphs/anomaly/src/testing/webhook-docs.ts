import { readFileSync } from "node:fs";
import { webhookEventTypes } from "../domain/webhooks/event-types.ts";

/** Where webhooks are written of. */
export const WEBHOOK_DOCS = new URL("../../../../docs/webhooks.md", import.meta.url);

const CATALOGUE = /(<!-- catalogue:[^>]*-->\n)([\s\S]*?)(\n<!-- catalogue ends -->)/;

/** The catalogue as the documentation has it. */
const catalogueTable = (): string => {
  const rows = webhookEventTypes.map(({ name, permission, sentence, ofWholeTenant }) => [
    ...[`\`${name}\``, `\`${permission}\`${ofWholeTenant ? ", without a data policy" : ""}`, sentence],
  ]);
  const all = [["Type", "Who may be told", "What it tells"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = all;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
};

/** The documentation with the catalogue as it is. */
export const withCatalogue = (text: string): string =>
  text.replace(
    CATALOGUE,
    (_all, begin: string, _table: string, end: string) => `${begin}\n${catalogueTable()}\n${end}`,
  );

/** The first block of code in a language. */
export const exampleIn = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readFileSync(WEBHOOK_DOCS, "utf8"))?.[1] ?? "";
