/** `utmSource` as `utm_source`; what is in snake case stays. */
export const snakeCase = (camel: string): string =>
  camel.replace(/([a-z0-9])([A-Z])/g, (_match, before: string, upper: string) => `${before}_${upper.toLowerCase()}`);

/** `utm_source` as `utmSource`; what is in camel case stays. */
export const camelCase = (snake: string): string =>
  snake.replace(/([a-z0-9])_([a-z])/g, (_match, before: string, letter: string) => `${before}${letter.toUpperCase()}`);
