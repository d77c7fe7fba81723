import { z } from "zod";

/** JSON Schema as far as the OpenAPI document uses it. */
export interface JsonSchema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | JsonSchema | undefined;
  readonly items?: JsonSchema | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly oneOf?: readonly JsonSchema[] | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
}

const MethodName = z.enum(["GET", "POST", "PUT", "DELETE"]);

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly id: string;
  readonly method: z.output<typeof MethodName>;
  readonly path: string;
  readonly open: boolean;
  readonly metered: boolean;
  readonly roles: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  /** Codes of problems by status, and the statuses that are good answers. */
  readonly codes: ReadonlyMap<number, readonly string[]>;
  readonly good: ReadonlySet<number>;
}

const AnySchema = z.custom<JsonSchema>((value) => typeof value === "object" && value !== null);
const Answer = z.looseObject({
  $ref: z.string().optional(),
  description: z.string().optional(),
  content: z.record(z.string(), z.unknown()).optional(),
});
const DocumentShape = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        description: z.string().optional(),
        tags: z.array(z.string()).optional(),
        security: z.array(z.unknown()).optional(),
        parameters: z
          .array(
            z.looseObject({
              name: z.string(),
              in: z.enum(["path", "query", "header"]),
              required: z.boolean().optional(),
              schema: AnySchema,
            }),
          )
          .optional(),
        requestBody: z
          .looseObject({ content: z.looseObject({ "application/json": z.looseObject({ schema: AnySchema }) }) })
          .optional(),
        responses: z.record(z.string(), Answer),
      }),
    ),
  ),
  components: z.looseObject({
    schemas: z.record(z.string(), AnySchema),
    responses: z.record(z.string(), Answer).optional(),
  }),
});

export interface Api {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** Reads what random requests are made from, and what their answers are held against. @throws ZodError. */
export function readApi(document: unknown): Api {
  const { paths, components } = DocumentShape.parse(document);
  const shared = components.responses ?? {};
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const codes = new Map<number, readonly string[]>();
      const good = new Set<number>();
      for (const [status, given] of Object.entries(operation.responses)) {
        const answer = given.$ref === undefined ? given : (shared[given.$ref.split("/").at(-1) ?? ""] ?? given);
        if (answer.content?.["application/problem+json"] === undefined) good.add(Number(status));
        else codes.set(Number(status), (answer.description ?? "").split(", "));
      }
      return {
        id: operation.operationId,
        method: MethodName.parse(method.toUpperCase()),
        path,
        open: operation.security?.length === 0,
        metered: operation.tags?.includes("metered features") ?? false,
        roles: (/Roles: ([^.]*)\./.exec(operation.description ?? "")?.[1] ?? "").split(", ").filter(Boolean),
        parameters: (operation.parameters ?? []).map(({ name, in: place, required, schema }) => ({
          name,
          in: place,
          required: required ?? false,
          schema,
        })),
        body: operation.requestBody?.content["application/json"].schema,
        codes,
        good,
      };
    }),
  );
  return { operations, schemas: components.schemas };
}
