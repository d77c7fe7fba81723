import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/api-context.tsx";
import type { DayTotals, Overview } from "../api/types.ts";

/** How often the console asks anew for what no stream tells of, by itself and while it is in sight. */
export const LOOK_AGAIN_MS = 5_000;

/** @param refetchMs how often it is asked for anew by itself, while the page is in sight. */
export function useOverview(refetchMs = LOOK_AGAIN_MS) {
  const api = useApi();
  return useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => api.get<Overview>("/api/admin/overview", {}, signal),
    refetchInterval: refetchMs,
  });
}

export function useDayTotals(days: number) {
  const api = useApi();
  return useQuery({
    queryKey: ["day-totals", days],
    queryFn: ({ signal }) => api.get<DayTotals>("/api/admin/overview/days", { days }, signal),
    refetchInterval: 60_000,
  });
}
