/** What every process may see of the launcher's environment: no npm variables, no admin URLs, no passwords. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "TZ",
  "TMPDIR",
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "XDG_RUNTIME_DIR",
  // a test run finds by it what it left behind
  "STIPEND_TEST_RUN_ID",
];

export function baseEnv(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (PASSED_ON.includes(name) || name.startsWith("LC_")) env[name] = value;
  }
  return env;
}
