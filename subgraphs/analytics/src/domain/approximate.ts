/** Whether a caller takes an estimate where the exact answer costs more than is left of its budget; as in the SDL. */
export type Approximate = "WHEN_OVER_BUDGET" | "NEVER";
