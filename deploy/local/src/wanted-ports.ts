import type { WantedEngines } from "./engines/plan.ts";
import type { WantedPort } from "./process/ports.ts";
import { PUBLIC_SERVICES, type ServiceName } from "./services/names.ts";
import type { Settings } from "./settings.ts";

const SERVICE_VARIABLES: Record<ServiceName, string> = {
  gateway: "STIPEND_PORT",
  credits: "STIPEND_CREDITS_PORT",
  membership: "STIPEND_MEMBERSHIP_PORT",
  "admin-audit": "STIPEND_AUDIT_PORT",
  monitor: "STIPEND_MONITOR_PORT",
};

/** Every port that a start of this system will listen on. */
export function wantedPorts(settings: Settings, engines: WantedEngines): WantedPort[] {
  const { ports } = settings;
  const wanted: WantedPort[] = [];
  if (engines.mysql) wanted.push({ port: ports.mysql, unit: "mysql", label: "MySQL", variable: "STIPEND_MYSQL_PORT" });
  if (engines.kafka) {
    wanted.push({ port: ports.kafka, unit: "kafka", label: "Kafka", variable: "STIPEND_KAFKA_PORT" });
    wanted.push({
      port: ports.kafkaController,
      unit: "kafka",
      label: "Kafka's controller",
      variable: "STIPEND_KAFKA_CONTROLLER_PORT",
    });
  }
  if (engines.redis) wanted.push({ port: ports.redis, unit: "redis", label: "Redis", variable: "STIPEND_REDIS_PORT" });
  if (engines.traces) {
    wanted.push({ port: ports.traces, unit: "traces", label: "traces", variable: "STIPEND_TRACES_PORT" });
    wanted.push({ port: ports.zipkin, unit: "zipkin", label: "Zipkin", variable: "STIPEND_ZIPKIN_PORT" });
  }
  wanted.push({ port: ports.rewrite, unit: "rewrite", label: "the sample upstream", variable: "STIPEND_REWRITE_PORT" });
  for (const name of PUBLIC_SERVICES) {
    wanted.push({ port: ports.services[name], unit: name, label: name, variable: SERVICE_VARIABLES[name] });
    wanted.push({
      port: ports.metrics[name],
      unit: name,
      label: `the metrics of ${name}`,
      variable: "STIPEND_METRICS_PORT",
    });
  }
  return wanted;
}
