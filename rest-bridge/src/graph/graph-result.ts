import type { GraphResult } from "./graph-port.ts";
import { z } from "zod";

const graphResult = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
});

/** Reads a GraphQL result as it came over the wire; null when it is none. */
export const parseGraphResult = (value: unknown): GraphResult | null => graphResult.safeParse(value).data ?? null;
