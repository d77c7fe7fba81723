import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/api-context.tsx";
import type { Approval, Page } from "../api/types.ts";
import { useRole } from "../session/session-context.tsx";

const LOOK_AGAIN_MS = 15_000;

/** How many wait for a second admin, at most 100; undefined while unknown, and for those who may not know. */
export function usePendingApprovals(): number | undefined {
  const api = useApi();
  const admin = useRole("admin");
  const { data } = useQuery({
    queryKey: ["approvals-pending"],
    queryFn: ({ signal }) => api.get<Page<Approval>>("/api/admin/approvals", { status: "pending", limit: 100 }, signal),
    refetchInterval: LOOK_AGAIN_MS,
    enabled: admin,
  });
  return data?.data.length;
}
