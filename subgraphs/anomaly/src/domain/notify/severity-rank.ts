import { SEVERITIES, type Severity } from "../alerts/alert.ts";

const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Whether a severity is at least another. */
export const isAtLeast = (severity: Severity, least: Severity): boolean => rankOf(severity) >= rankOf(least);
