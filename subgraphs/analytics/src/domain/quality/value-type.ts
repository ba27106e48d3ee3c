/** Types a value may be expected to have: how it must be written from end to end, as patterns of RE2 that other engines of regular expressions read as the same. */
export const TYPE_PATTERNS = {
  NUMBER: "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$",
  INTEGER: "^[+-]?[0-9]+$",
  BOOLEAN: "^(true|false)$",
  UUID: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
  DATE: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
  TIME: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
  EMAIL: "^[^@ ]+@[^@ .]+([.][^@ .]+)+$",
  URL: "^https?://[^ /?#]+([/?#][^ ]*)?$",
} as const;
/** One of {@link TYPE_PATTERNS}. */
export type ValueType = keyof typeof TYPE_PATTERNS;
