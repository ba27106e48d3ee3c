/** A number, or null where there is none: beyond what a double holds, or divided by nothing. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
