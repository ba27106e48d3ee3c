import type { Rule } from "../rule.ts";
import { isTest } from "../source-files.ts";

const SUPPRESSION =
  /(?:\/\/|\/\*)\s*(@ts-(?:ignore|nocheck|expect-error)|(?:oxlint|eslint|prettier)-(?:disable|ignore)\S*|istanbul ignore)(.*)/;
const REASON = / -- \S+(\s+\S+){2,}/;

const problem = (path: string, line: string): string | null => {
  const [, directive, rest = ""] = SUPPRESSION.exec(line) ?? [];
  if (directive === undefined) return null;
  if (directive === "@ts-expect-error") return isTest(path) ? null : "@ts-expect-error outside a test";
  if (directive.startsWith("@ts-")) return `${directive} hides every error`;
  return REASON.test(rest) ? null : `${directive} without a reason`;
};

/** A check is switched off for one line and one stated reason, or not at all. */
export const rule: Rule = {
  title: "no check is suppressed without a reason",
  remedy: "repair the code, or write `// oxlint-disable-next-line <rule> -- why it is right here`",
  check: ({ sources }) =>
    sources.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        const what = problem(path, line);
        return what === null ? [] : [{ where: `${path}:${index + 1}`, what }];
      }),
    ),
  caught: [
    { "platform/src/a.ts": ["//", "@ts-ignore"].join(" ") },
    { "platform/src/a.ts": ["//", "@ts-expect-error because of the types"].join(" ") },
    { "platform/src/a.ts": ["//", "oxlint-disable-next-line no-console"].join(" ") },
    { "platform/src/a.ts": ["/*", "eslint-disable */"].join(" ") },
  ],
  allowed: [
    {
      "platform/src/a.ts": ["//", "oxlint-disable-next-line no-console -- the command line prints its answer"].join(
        " ",
      ),
    },
    { "platform/src/a.test.ts": ["//", "@ts-expect-error a branded id is no plain string"].join(" ") },
  ],
};
