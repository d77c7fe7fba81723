import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/api-context.tsx";
import type { DayTotals, Overview } from "../api/types.ts";

/** How often the console looks again, by itself and while it is in sight. */
export const LOOK_AGAIN_MS = 5_000;

export function useOverview() {
  const api = useApi();
  return useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => api.get<Overview>("/api/admin/overview", {}, signal),
    refetchInterval: LOOK_AGAIN_MS,
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
