/** Shows openapi.json and tries calls. No dependency, nothing from elsewhere. */
import { element, json, prose } from "./docs-dom.js";
import { schemasOf } from "./docs-schema.js";
import { tryForm } from "./docs-try.js";

const spec = await (await fetch("openapi.json")).json();
const { kind, meaning, fieldsTable, sample } = schemasOf(spec);
const problems = spec["x-problems"] ?? {};

const heading = (text) => element("h4", {}, text);

const answerOf = (given) =>
  given.$ref === undefined ? given : spec.components.responses[given.$ref.split("/").at(-1)];

const parametersPart = (parameters) => {
  if (parameters.length === 0) return [];
  const rows = parameters.map((parameter) =>
    element(
      "tr",
      {},
      element(
        "td",
        {},
        element("code", {}, parameter.name),
        parameter.required ? element("span", { class: "remark" }, "required") : "",
      ),
      element("td", { class: "kind" }, `${parameter.in}: ${kind(parameter.schema)}`),
      element("td", {}, meaning({ description: parameter.description, ...parameter.schema }, "request")),
    ),
  );
  return [heading("Parameters"), element("table", { class: "fields" }, ...rows)];
};

const bodyPart = (body) => {
  if (body === undefined) return [];
  const schema = body.content["application/json"].schema;
  const optional = body.required === false ? " (may be left out)" : "";
  return [
    heading(`Body${optional}`),
    element("p", { class: "dim" }, body.description ?? ""),
    fieldsTable(schema, "request"),
  ];
};

const shapeOf = (answer) => {
  const content = Object.entries(answer.content ?? {})[0];
  if (content === undefined) return [element("p", { class: "dim" }, "No body.")];
  const [type, { schema }] = content;
  if (type !== "application/json" || schema === undefined) return [element("p", { class: "dim" }, type)];
  const example = element("details", { class: "example" }, element("summary", {}, "Example"));
  example.append(element("pre", {}, json(sample(schema))));
  return [fieldsTable(schema, "answer"), example];
};

const isProblem = (answer) => answer.content?.["application/problem+json"] !== undefined;

const codeLink = (code) =>
  element("a", { class: "code", href: `#problem-${code}`, title: problems[code]?.title ?? "" }, code);

const answersPart = (responses) => {
  const all = Object.entries(responses).map(([status, given]) => [status, answerOf(given)]);
  const good = all.filter(([, answer]) => !isProblem(answer));
  const rows = all
    .filter(([, answer]) => isProblem(answer))
    .map(([status, answer]) =>
      element(
        "tr",
        {},
        element("td", { class: "status" }, status),
        element("td", {}, ...answer.description.split(", ").flatMap((code) => [codeLink(code), " "])),
      ),
    );
  return [
    ...good.flatMap(([status, answer]) => [heading(`${status}: ${answer.description}`), ...shapeOf(answer)]),
    ...(rows.length === 0 ? [] : [heading("Refusals"), element("table", { class: "refusals" }, ...rows)]),
  ];
};

const tryPart = (method, path, operation) => {
  if (operation.operationId === "gateway.events") {
    return [element("p", { class: "dim" }, "A stream does not end, so it can't be tried here: curl -N shows it.")];
  }
  const schema = operation.requestBody?.content["application/json"].schema;
  const metered = operation.tags?.includes("metered features") && method !== "get";
  const body =
    schema !== undefined ? json(sample(schema, true)) : metered ? '{"text": "In order to win, we try"}' : undefined;
  return [heading("Try it"), tryForm(method, path, operation.parameters ?? [], body)];
};

const show = (path, method, operation) => {
  const body = element("div", { class: "body" });
  const details = element(
    "details",
    { id: operation.operationId, class: "operation" },
    element(
      "summary",
      {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("span", { class: "path" }, path),
      element("span", { class: "dim" }, operation.summary ?? ""),
    ),
    body,
  );
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount > 0) return;
    const parts = [
      element("p", { class: "dim" }, operation.description ?? "Anyone may call this, without a token."),
      ...parametersPart(operation.parameters ?? []),
      ...bodyPart(operation.requestBody),
      ...answersPart(operation.responses),
      ...tryPart(method, path, operation),
    ];
    body.append(...parts.filter((node) => node !== undefined));
  });
  return details;
};

const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

const anchor = (tag) => `tag-${tag.replaceAll(" ", "-")}`;

const render = () => {
  const wanted = document.querySelector("#find").value.trim().toLowerCase();
  const shown = operations.filter((entry) => JSON.stringify(entry).toLowerCase().includes(wanted));
  const byTag = Map.groupBy(shown, ({ operation }) => operation.tags?.[0] ?? "other");
  const tags = [...spec.tags, { name: "other", description: "" }].filter(({ name }) => byTag.has(name));
  document
    .querySelector("#operations")
    .replaceChildren(
      ...tags.flatMap(({ name, description }) => [
        element("h2", { id: anchor(name) }, name),
        element("p", { class: "dim" }, description),
        ...byTag.get(name).map(({ path, method, operation }) => show(path, method, operation)),
      ]),
      ...(tags.length === 0 ? [element("p", { class: "dim" }, "Nothing fits.")] : []),
    );
  const links = tags.map(({ name }) => element("a", { href: `#${anchor(name)}` }, name));
  document.querySelector("#contents").replaceChildren(...links, element("a", { href: "#problems" }, "problems"));
};

const renderProblems = () => {
  const rows = Object.entries(problems)
    .sort(([a, one], [b, other]) => one.status - other.status || (a < b ? -1 : 1))
    .map(([code, { status, title, action }]) =>
      element(
        "tr",
        { id: `problem-${code}` },
        element("td", { class: "status" }, String(status)),
        element("td", {}, element("code", {}, code)),
        element("td", {}, title, element("br"), element("span", { class: "dim" }, action)),
      ),
    );
  document.querySelector("#problem-table").replaceChildren(...rows);
};

/** Opens what the address points at, also when only the part behind # changes. */
const goToHash = () => {
  if (location.hash === "") return;
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.classList.contains("operation")) target.open = true;
  target?.scrollIntoView();
};

document.querySelector("#about").replaceChildren(prose(spec.info.description));
document.querySelector("#find").addEventListener("input", render);
addEventListener("hashchange", goToHash);
render();
renderProblems();
goToHash();
