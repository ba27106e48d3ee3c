import { z } from "zod";

/** Raised at start when the environment does not fit; its message lists every problem at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Parses the environment once per process against a zod object of `NAME: schema`; all problems are reported together. Empty strings
 * count as unset, so `PORT=` in a file means the default.
 */
export const loadConfig = <Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: NodeJS.ProcessEnv,
): z.infer<z.ZodObject<Shape>> => {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = z.object(shape).safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new ConfigError(
    `The configuration has ${problems.length} problem(s):\n${problems.join("\n")}\nSee docs/configuration.md.`,
  );
};

/** Schema of a TCP port; 0 lets the system choose. */
export const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);

/** Schema of a list of words separated by commas; empty by default. */
export const list = () =>
  z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word !== ""),
    );

/** Schema of a switch: true, false, 1, 0. */
export const flag = (fallback: boolean) =>
  z
    .enum(["true", "false", "1", "0"])
    .transform((text) => text === "true" || text === "1")
    .default(fallback);

/** Schema of a list of origins as browsers write them: scheme, host and port, no path, no wildcard. */
export const origins = list().refine(
  (each) => each.every((text) => URL.canParse(text) && new URL(text).origin === text),
  "write each origin as browsers do, for example https://console.example.com",
);
