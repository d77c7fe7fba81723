/** The form that sends a call, and shows it as a command. */
import { element, json } from "./docs-dom.js";

const KEY = "Idempotency-Key";

const token = () => document.querySelector("#token").value.trim();

/** Reads what the form holds into what fetch takes. */
const requestOf = (method, path, inputs, body) => {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const [parameter, { value }] of inputs) {
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (parameter.in === "query") query.set(parameter.name, value);
    else headers[parameter.name] = value;
  }
  if (token() !== "") headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const search = query.size > 0 ? `?${query}` : "";
  return { target: target + search, init: { method: method.toUpperCase(), headers, body } };
};

const send = async ({ target, init }) => {
  const answer = await fetch(target, init);
  const shown = [...answer.headers].filter(([name]) =>
    /^(etag|stipend|idempotent|ratelimit|retry-after|x-request-id)/.test(name),
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

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The token is not shown: commands are pasted into places where others read them. */
const commandOf = ({ target, init }) => {
  const headers = Object.entries(init.headers).map(([name, value]) =>
    name === "Authorization" ? '-H "Authorization: Bearer $TOKEN"' : `-H ${quoted(`${name}: ${value}`)}`,
  );
  const data = init.body === undefined ? [] : [`-d ${quoted(init.body)}`];
  const verb = init.method === "GET" ? [] : [`-X ${init.method}`];
  return ["curl -s", ...verb, quoted(location.origin + target), ...headers, ...data].join(" \\\n  ");
};

/** @param body text to begin with; undefined for a call that takes none. */
export const tryForm = (method, path, parameters, body) => {
  const inputs = new Map();
  const fields = element("div", { class: "inputs" });
  for (const parameter of parameters) {
    const fresh = parameter.name === KEY ? crypto.randomUUID() : "";
    const input = element("input", { value: fresh, "aria-label": parameter.name, spellcheck: "false" });
    inputs.set(parameter, input);
    fields.append(element("code", {}, parameter.name), input);
  }
  const rows = String(Math.min(20, (body ?? "").split("\n").length + 1));
  const text =
    body === undefined ? undefined : element("textarea", { rows, "aria-label": "body", spellcheck: "false" });
  if (text) text.value = body;
  const output = element("pre", { hidden: "", "aria-live": "polite" });
  const show = (value) => {
    output.hidden = false;
    output.textContent = value;
  };
  const request = () => requestOf(method, path, inputs, text?.value);
  const onSend = async () => {
    show("…");
    show(await send(request()).catch((error) => String(error)));
  };
  const newKey = () => {
    for (const [parameter, input] of inputs) if (parameter.name === KEY) input.value = crypto.randomUUID();
  };
  const buttons = [
    element("button", { class: "send", onclick: onSend }, "Send"),
    element("button", { onclick: () => show(commandOf(request())) }, "As a command"),
    ...(parameters.some(({ name }) => name === KEY) ? [element("button", { onclick: newKey }, "New key")] : []),
  ];
  return element("div", { class: "try" }, fields, text, element("p", { class: "buttons" }, ...buttons), output);
};
