/** The five services, in the order of their metrics ports. */
export const PUBLIC_SERVICES = ["gateway", "credits", "membership", "admin-audit", "monitor"] as const;
export type ServiceName = (typeof PUBLIC_SERVICES)[number];

/** Services with a MySQL schema of their own → the last part of its name (design: `stipend_audit`). */
export const SCHEMAS = {
  credits: "credits",
  membership: "membership",
  "admin-audit": "audit",
  monitor: "monitor",
} as const satisfies Partial<Record<ServiceName, string>>;
export type SchemaService = keyof typeof SCHEMAS;

/** What runs beside the engines: the services and the sample upstream. */
export type AppName = ServiceName | "rewrite";
