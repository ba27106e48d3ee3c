import type { Rule } from "../rule.ts";

const hash = "#";

/** What means nothing to a stranger with a clone: tickets, one machine's folders, a private registry. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(^|[\\s(])${hash}\\d{1,5}\\b(?!["';])`), "a ticket number"],
  [/\b(issue|ticket|pull request|PR|bug)\s+#?\d+\b/i, "a ticket number"],
  [/github\.com\/[\w-]+\/tessera\/(issues|pull)\/\d+/i, "a ticket"],
  [/(?<![\w.~-])\/(work|home|Users|root)\/[\w.-]+/, "a path of one machine"],
  [/https?:\/\/(localhost:4873|[\w.-]+\.(internal|corp|lan|local)\b)/i, "a private registry"],
];

/** The repository is read by people who were not there when it was written. */
export const rule: Rule = {
  title: "no ticket numbers and no machine's paths in the repository",
  remedy: "say the reason itself instead of where it was discussed; use a relative path or a setting",
  check: ({ texts }) =>
    texts.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) =>
        FORBIDDEN.filter(([pattern]) => pattern.test(line)).map(([, what]) => ({
          where: `${path}:${index + 1}`,
          what,
        })),
      ),
    ),
  caught: [
    { "docs/runbook.md": `see ${hash}12 for the reason` },
    { "platform/src/a.ts": ["// fixes issue", "12"].join(" ") },
    { "README.md": ["run it in", ["", "home", "me", "tessera"].join("/")].join(" ") },
    { "deploy/compose.yaml": `registry: ${["https://npm", "internal"].join(".")}/tessera` },
  ],
  allowed: [
    { "docs/runbook.md": "# 1. Start\n\nRFC 9457, 10% of 5, /api/v2/events, /tmp, colour: #123456;" },
    { "console/src/page.css": "a { color: #123; }" },
  ],
};
