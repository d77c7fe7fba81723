/** Shows openapi.json and tries calls. No dependency, nothing from elsewhere. */

const element = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
};

const spec = await (await fetch("openapi.json")).json();
document.querySelector("#about").textContent = spec.info.description;

const resolve = (schema) => {
  if (schema?.$ref === undefined) return schema;
  return spec.components.schemas[schema.$ref.split("/").at(-1)];
};

/** A value that fits the schema, to begin with. */
const sample = (given, depth = 0) => {
  const schema = resolve(given) ?? {};
  if (depth > 6) return null;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  const choice = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (choice) return sample(choice[0], depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    const wanted = Object.entries(schema.properties ?? {});
    return Object.fromEntries(wanted.map(([name, inner]) => [name, sample(inner, depth + 1)]));
  }
  if (type === "array") return [sample(schema.items, depth + 1)];
  if (type === "integer" || type === "number") return schema.minimum ?? 0;
  if (type === "boolean") return false;
  if (type === "string") return schema.format === "date-time" ? "2026-02-01T00:00:00.000Z" : "";
  return null;
};

const json = (value) => JSON.stringify(value, null, 2);

const parametersTable = (parameters) =>
  parameters.length === 0
    ? undefined
    : element(
        "table",
        {},
        element("tr", {}, element("th", {}, "Parameter"), element("th", {}, "In"), element("th", {}, "Meaning")),
        ...parameters.map((p) =>
          element(
            "tr",
            {},
            element("td", {}, element("code", {}, p.name), p.required ? " (required)" : ""),
            element("td", {}, p.in),
            element(
              "td",
              {},
              p.description ?? resolve(p.schema)?.description ?? p.schema?.pattern ?? p.schema?.type ?? "",
            ),
          ),
        ),
      );

const answersTable = (responses) =>
  element(
    "table",
    {},
    element("tr", {}, element("th", {}, "Status"), element("th", {}, "Meaning, or the problem's codes")),
    ...Object.entries(responses).map(([status, answer]) => {
      const schema = answer.content?.["application/json"]?.schema;
      const shape = schema === undefined ? undefined : element("pre", {}, json(sample(schema)));
      return element("tr", {}, element("td", {}, status), element("td", {}, answer.description, shape));
    }),
  );

const tryForm = (method, path, operation) => {
  const inputs = new Map();
  const fields = element("div", { class: "fields" });
  for (const parameter of operation.parameters ?? []) {
    const fresh = parameter.name === "Idempotency-Key" ? crypto.randomUUID() : "";
    const input = element("input", { value: fresh, "aria-label": parameter.name });
    inputs.set(parameter, input);
    fields.append(element("code", {}, parameter.name), input);
  }
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const takesBody = schema !== undefined || (operation.tags?.includes("metered features") && method !== "get");
  const body = takesBody ? element("textarea", { rows: "6", "aria-label": "body" }) : undefined;
  if (body) body.value = schema ? json(sample(schema)) : '{"text": "In order to win, we utilize tests"}';
  const output = element("pre", { hidden: "" });
  const send = async () => {
    output.hidden = false;
    output.textContent = "…";
    output.textContent = await call(method, path, inputs, body?.value).catch((error) => String(error));
  };
  return element("div", {}, fields, body, element("p", {}, element("button", { onclick: send }, "Send")), output);
};

const call = async (method, path, inputs, body) => {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const [parameter, { value }] of inputs) {
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (parameter.in === "query") query.set(parameter.name, value);
    else headers[parameter.name] = value;
  }
  const token = document.querySelector("#token").value.trim();
  if (token !== "") headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const search = query.size > 0 ? `?${query}` : "";
  const answer = await fetch(target + search, { method: method.toUpperCase(), headers, body });
  const shown = [...answer.headers].filter(([name]) =>
    /^(stipend|idempotent|ratelimit|retry-after|x-request-id)/.test(name),
  );
  const text = await answer.text();
  const lines = shown.map(([name, value]) => `${name}: ${value}`).join("\n");
  return `${answer.status} ${answer.statusText}\n${lines}\n\n${pretty(text)}`;
};

const pretty = (text) => {
  try {
    return json(JSON.parse(text));
  } catch {
    return text;
  }
};

const show = (path, method, operation) => {
  const body = element("div", { class: "body" });
  const details = element(
    "details",
    { id: operation.operationId },
    element(
      "summary",
      {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("span", { class: "path" }, path),
      element("span", { class: "about" }, operation.summary ?? ""),
    ),
    body,
  );
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount > 0) return;
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    body.append(
      element("p", { class: "roles" }, operation.description ?? "Anyone may call this."),
      ...[
        parametersTable(operation.parameters ?? []),
        schema === undefined ? undefined : element("pre", {}, json(sample(schema))),
        answersTable(operation.responses),
        operation.operationId === "gateway.events" ? undefined : tryForm(method, path, operation),
      ].filter((node) => node !== undefined),
    );
  });
  return details;
};

const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

const render = () => {
  const wanted = document.querySelector("#find").value.toLowerCase();
  const shown = operations.filter((entry) => JSON.stringify(entry).toLowerCase().includes(wanted));
  const tags = Map.groupBy(shown, ({ operation }) => operation.tags?.[0] ?? "other");
  document
    .querySelector("#operations")
    .replaceChildren(
      ...[...tags].flatMap(([tag, entries]) => [
        element("h2", {}, tag),
        ...entries.map(({ path, method, operation }) => show(path, method, operation)),
      ]),
    );
};

document.querySelector("#find").addEventListener("input", render);
render();
if (location.hash !== "") document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
