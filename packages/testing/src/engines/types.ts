/** Which engines a test needs. */
export interface EngineNeeds {
  mysql?: boolean;
  kafka?: boolean;
  redis?: boolean;
}

/** Where they answer; only what was asked for is set. Plain data: it travels to vitest's workers. */
export interface EngineUrls {
  /** admin, without a schema: mysql://root:…@127.0.0.1:port */
  mysqlAdminUrl?: string;
  kafkaBrokers?: string;
  redisUrl?: string;
}

export interface StartedEngines {
  urls: EngineUrls;
  /** how they run, for people: "by URL", "native", "docker" */
  source: string;
  stop(): Promise<void>;
}
