import type { AuditFilters } from "@stipend/proto/http/audit";
import type { z } from "zod";
import type { AuditFilter } from "../usecases/search-log.ts";

export function filterOf({ from, to, ...rest }: z.output<typeof AuditFilters>): AuditFilter {
  return {
    ...rest,
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  };
}
