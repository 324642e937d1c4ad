"use strict";
// Reads the OpenAPI document of this server and makes a form of every operation. Everything is set as text, never as HTML.

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function resolved(schema, description, depth = 0) {
  if (!schema || depth > 6) return {};
  if (schema.$ref) {
    return resolved(schema.$ref.split("/").slice(1).reduce((at, step) => at?.[step], description), description, depth + 1);
  }
  const choice = (schema.oneOf || schema.anyOf || []).find((one) => one.type !== "null");
  return choice ? resolved(choice, description, depth + 1) : schema;
}

function example(schema, description, depth = 0) {
  const known = resolved(schema, description);
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  if (depth > 4) return null;
  const type = Array.isArray(known.type) ? known.type[0] : known.type;
  if (type === "object" || known.properties) {
    const wanted = known.required || [];
    const named = Object.keys(known.properties || {}).filter((name) => !wanted.length || wanted.includes(name));
    return Object.fromEntries(named.map((name) => [name, example(known.properties[name], description, depth + 1)]));
  }
  if (type === "array") return [];
  if (type === "integer" || type === "number") return 0;
  if (type === "boolean") return false;
  if (known.format === "date-time") return new Date().toISOString();
  return "";
}

function field(parameter) {
  const input = element("input", { name: parameter.name, required: Boolean(parameter.required), autocomplete: "off" });
  input.dataset.place = parameter.in;
  const title = element("span", { textContent: parameter.name, className: parameter.required ? "required" : "" });
  const words = parameter.description ? ` ${parameter.description}` : "";
  return element("label", {}, title, element("small", { textContent: words }), input);
}

async function send(form, path, method, bodyType, output) {
  let address = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll("input[data-place]")) {
    if (!input.value) continue;
    if (input.dataset.place === "path") {
      address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.dataset.place === "query") {
      query.append(input.name, input.value);
    } else if (input.dataset.place === "header") {
      headers[input.name] = input.value;
    }
  }
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const text = form.querySelector("textarea");
  if (text) headers["Content-Type"] = bodyType;
  if ([...query].length) address += `?${query}`;
  output.hidden = false;
  output.textContent = "…";
  try {
    const begun = performance.now();
    const answer = await fetch(address, { method: method.toUpperCase(), headers, body: text ? text.value : undefined });
    const body = await answer.text();
    const milliseconds = Math.round(performance.now() - begun);
    let shown = body;
    try {
      shown = JSON.stringify(JSON.parse(body), null, 2);
    } catch {
      shown = body;
    }
    output.textContent = `${method.toUpperCase()} ${address}\n${answer.status} in ${milliseconds} ms, `
      + `request ${answer.headers.get("x-request-id")}\n\n${shown}`;
  } catch (failure) {
    output.textContent = `No answer: ${failure.message}`;
  }
}

function operation(path, method, told, description) {
  const form = element("form");
  form.append(element("p", { textContent: told.description || "" }));
  for (const parameter of told.parameters || []) form.append(field(parameter));
  const [bodyType, content] = Object.entries(told.requestBody?.content || {})[0] || [];
  if (content) {
    const text = element("textarea", { rows: 8, spellcheck: false, ariaLabel: "Body" });
    text.value = JSON.stringify(example(content.schema, description), null, 2);
    form.append(element("label", {}, "Body", text));
  }
  const output = element("pre", { hidden: true });
  form.append(element("button", { textContent: "Send" }), output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, path, method, bodyType, output);
  });
  const first = (told.description || told.summary || "").split("\n")[0];
  const title = element("summary", {}, element("b", { textContent: method.toUpperCase() }), element("code", { textContent: path }));
  title.append(element("small", { textContent: ` ${first}` }));
  const made = element("details", {}, title, form);
  made.dataset.words = `${path} ${method} ${told.description || ""}`.toLowerCase();
  return made;
}

async function show() {
  const main = document.getElementById("operations");
  const description = await (await fetch("/openapi.json")).json();
  document.getElementById("version").textContent = description.info.version;
  const groups = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const group = item[method].tags?.[0] || "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operation(path, method, item[method], description));
    }
  }
  main.replaceChildren();
  for (const [group, operations] of [...groups].sort(([a], [b]) => a.localeCompare(b))) {
    main.append(element("section", {}, element("h2", { textContent: group }), ...operations));
  }
  keepMatching();
}

function keepMatching() {
  const words = document.getElementById("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of document.querySelectorAll("details")) {
    one.hidden = !words.every((word) => one.dataset.words.includes(word));
  }
  for (const group of document.querySelectorAll("section")) {
    group.hidden = !group.querySelector("details:not([hidden])");
  }
}

document.getElementById("find").addEventListener("input", keepMatching);
show().catch((failure) => {
  document.getElementById("operations").textContent = `The description cannot be read: ${failure.message}`;
});
