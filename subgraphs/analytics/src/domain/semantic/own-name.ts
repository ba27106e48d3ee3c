/** A dimension of a tenant's own as a question names it. */
export interface OwnName {
  /** As it stands in the question. */
  readonly written: string;
  readonly name: string;
  /** The version that was asked for; null for the one now. */
  readonly version: number | null;
}

const OWN_NAME = /^dimensions\.([A-Za-z_][A-Za-z0-9_]{0,63})(?:@([1-9]\d{0,5}))?$/;

/** Reads `dimensions.<name>` or `dimensions.<name>@<version>`; null for anything else. */
export const ownName = (written: string): OwnName | null => {
  const [, name, version] = OWN_NAME.exec(written) ?? [];
  return name === undefined ? null : { written, name, version: version === undefined ? null : Number(version) };
};

/** How questions name a dimension of the tenant's own as it is now. */
export const writtenName = (name: string): string => `dimensions.${name}`;

/** Every text in a part of a question that could name a dimension of the tenant's own, each once. */
export const ownNamesIn = (part: unknown): readonly OwnName[] => {
  const found = new Map<string, OwnName>();
  const look = (one: unknown): void => {
    if (typeof one === "string") {
      const own = ownName(one);
      if (own !== null) found.set(one, own);
    } else if (typeof one === "object" && one !== null) for (const inner of Object.values(one)) look(inner);
  };
  look(part);
  return [...found.values()];
};
