interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Where the page after this one begins; null on the last one. */
export const nextCursor = ({ hasNextPage, endCursor }: PageInfo): string | null => (hasNextPage ? endCursor : null);
