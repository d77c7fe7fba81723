/** The little of Docker that the launcher needs, through its command line. */
import { findProgram } from "../install/binaries.ts";
import { run } from "../install/exec.ts";

/** One place for the images: compose.yaml and packages/testing use the same tags. */
export const IMAGES = {
  mysql: "mysql:9",
  kafka: "apache/kafka:4.4.0",
  redis: "redis:8",
  traces: "jaegertracing/jaeger:2.11.0",
} as const;
export type DockerEngine = keyof typeof IMAGES;

/** design.md: every image has to be there, or pulled, within 20 s. */
const IMAGES_WITHIN_MS = 20_000;

export async function dockerAnswers(timeoutMs = 5_000): Promise<boolean> {
  if (!findProgram("docker")) return false;
  const answer = await run("docker", ["version", "--format", "{{.Server.Version}}"], { timeoutMs });
  return answer.code === 0;
}

export async function hasImage(image: string): Promise<boolean> {
  return (await run("docker", ["image", "inspect", image], { timeoutMs: 10_000 })).code === 0;
}

async function obtainImage(image: string, timeoutMs: number): Promise<boolean> {
  if (await hasImage(image)) return true;
  return (await run("docker", ["pull", "--quiet", image], { timeoutMs })).code === 0;
}

/** Images that are neither here nor pulled within the bound; empty = Docker can be used. */
export async function missingImages(images: readonly string[], withinMs = IMAGES_WITHIN_MS): Promise<string[]> {
  const results = await Promise.all(
    images.map(async (image) => ((await obtainImage(image, withinMs)) ? undefined : image)),
  );
  return results.filter((image) => image !== undefined);
}

export async function removeContainer(name: string): Promise<void> {
  await run("docker", ["rm", "--force", name], { timeoutMs: 30_000 });
}

export async function signalContainer(name: string, signal: string): Promise<void> {
  await run("docker", ["kill", `--signal=${signal}`, name], { timeoutMs: 30_000 });
}

export async function removeVolume(name: string): Promise<void> {
  await run("docker", ["volume", "rm", "--force", name], { timeoutMs: 30_000 });
}
