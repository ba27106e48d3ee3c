import type { Rule } from "../rule.ts";

const DRAWERS = /^(utils?|helpers?|common|shared|misc|lib|core|base)$/;
const KEBAB = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

const stem = (name: string): string => name.replace(/^\./, "").split(".")[0] ?? "";

/** A name says what is inside; a drawer for the rest is how rooms lose their walls. */
export const rule: Rule = {
  title: "source files and folders have kebab-case names that say what they hold",
  remedy: "rename it in kebab-case for what it does; put a drawer's contents where they are used",
  check: ({ sources }) =>
    sources.flatMap(({ path }) =>
      path
        .split("/")
        .flatMap((name) => [
          ...(KEBAB.test(name) ? [] : [{ where: `${path}:1`, what: `"${name}" is not kebab-case` }]),
          ...(DRAWERS.test(stem(name)) ? [{ where: `${path}:1`, what: `"${name}" is a drawer` }] : []),
        ]),
    ),
  caught: [
    { "platform/src/utils/time.ts": "" },
    { "platform/src/time/helpers.ts": "" },
    { "platform/src/shared.test.ts": "" },
    { "platform/src/TimeSeries.ts": "" },
    { "console/src/live_page.tsx": "" },
  ],
  allowed: [{ "platform/src/time/clock.db.test.ts": "", "jest.config.mjs": "", "console/src/live-page.tsx": "" }],
};
