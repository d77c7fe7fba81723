import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/api-context.tsx";
import type { Approval, Page } from "../api/types.ts";
import { useRole } from "../session/session-context.tsx";
import { useLookAgain } from "./live/live-console.tsx";

/** How many wait for a second admin, at most 100; undefined while unknown, and for those who may not know. */
export function usePendingApprovals(): number | undefined {
  const api = useApi();
  const admin = useRole("admin");
  const refetchInterval = useLookAgain();
  const { data } = useQuery({
    queryKey: ["approvals-pending"],
    queryFn: ({ signal }) => api.get<Page<Approval>>("/api/admin/approvals", { status: "pending", limit: 100 }, signal),
    refetchInterval,
    enabled: admin,
  });
  return data?.data.length;
}
