import { useInfiniteQuery } from "@tanstack/react-query";
import type { Query } from "./api.ts";
import { useApi } from "./api-context.tsx";
import type { Page } from "./types.ts";

/** A list of the API, page by page. Rows of all pages read so far stand in `rows`. */
export function usePages<T>(path: string, filters: Query, options: { refetchMs?: number; enabled?: boolean } = {}) {
  const api = useApi();
  const query = useInfiniteQuery({
    queryKey: [path, filters],
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(path, { ...filters, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    refetchInterval: options.refetchMs ?? false,
    enabled: options.enabled ?? true,
  });
  return { query, rows: query.data?.pages.flatMap((page) => page.data) };
}

export type Pages<T> = ReturnType<typeof usePages<T>>;
