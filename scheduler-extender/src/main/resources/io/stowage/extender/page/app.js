import { Model, SIZES, CAUSES, nodeMatches, percent, number, gpus, cores, bytes, duration } from "./model.js";
import { PackingMap, colourOfNamespace, stripes } from "./map.js";
import { Charts } from "./charts.js";
import { Stream } from "./stream.js";

const ROWS_AT_ONCE = 100;
const byId = (id) => document.getElementById(id);
const model = new Model();
const filter = { text: "", namespace: "", owner: "", model: "" };
let pointed = null;
let chosen = null;
let tablePage = 0;
let tableDueMillis = 0;

/** Creates an element with attributes and children; texts are never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function bar(part, whole, kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "bar");
  svg.setAttribute("viewBox", "0 0 100 6");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("class", kind);
  rect.setAttribute("width", whole > 0 ? (100 * part) / whole : 0);
  rect.setAttribute("height", 6);
  svg.append(rect);
  return svg;
}

// The figures above

function showFigures() {
  const sums = model.totals;
  const stranded = Object.values(sums.stranded).reduce((sum, milli) => sum + milli, 0);
  const worst = Object.entries(sums.stranded).sort((a, b) => b[1] - a[1])[0];
  const cards = [
    ["GPU allocated", percent(sums.gpuUsedMilli, sums.gpuMilli), `${gpus(sums.gpuUsedMilli)} of ${gpus(sums.gpuMilli)}`, [sums.gpuUsedMilli, sums.gpuMilli, "gpu"]],
    ["GPU stranded", percent(stranded, sums.gpuMilli), stranded > 0 ? `most: ${CAUSES[worst[0]][0]}` : "", [stranded, sums.gpuMilli, "stranded"]],
    ["CPU allocated", percent(sums.cpuUsedMilli, sums.cpuMilli), "", [sums.cpuUsedMilli, sums.cpuMilli, "cpu"]],
    ["Memory allocated", percent(sums.memoryUsedBytes, sums.memoryBytes), "", [sums.memoryUsedBytes, sums.memoryBytes, "memory"]],
    ["Nodes", number(sums.nodes), ""],
    ["Pods on nodes", number(sums.pods), ""],
    ["Pods pending", number(model.pending.count), ""],
  ];
  byId("figures").replaceChildren(...cards.map(([title, text, more, meter]) => {
    const shown = make("dd", {}, text, more ? make("small", {}, ` ${more}`) : "");
    if (meter) shown.append(bar(...meter));
    return make("div", { class: "figure" }, make("dt", {}, title), shown);
  }));
  byId("pending-badge").textContent = number(model.pending.count);
}

// The map and its table

const map = new PackingMap(byId("packing"), {
  onPoint(target, byKeyboard) {
    const before = JSON.stringify(pointed);
    pointed = target;
    if (JSON.stringify(target) !== before) showDetails();
    if (byKeyboard && target) byId("announce").textContent = inWords(model.nodes.get(target.name));
  },
  onChoose(target, byKeyboard) {
    chosen = target;
    showDetails();
    if (byKeyboard && target) byId("details").focus();
  },
});

function groupOf(node) {
  const by = byId("group").value;
  if (by === "model") return node.model;
  if (by === "zone") return node.zone || "no zone";
  return node.pool || node.model;
}

const naturally = new Intl.Collator("en", { numeric: true });

function groups() {
  const found = new Map();
  for (const node of model.nodes.values()) {
    if (!nodeMatches(node, filter)) continue;
    const label = groupOf(node);
    if (!found.has(label)) found.set(label, []);
    found.get(label).push(node);
  }
  return [...found].sort((a, b) => naturally.compare(a[0], b[0]))
    .map(([label, nodes]) => ({ label, nodes: nodes.sort((a, b) => naturally.compare(a.name, b.name)) }));
}

function isTable() {
  return byId("as-table").getAttribute("aria-pressed") === "true";
}

function regroup() {
  const shown = groups();
  byId("map-empty").hidden = shown.length > 0 || model.nodes.size === 0;
  map.filter = filter;
  map.show(shown);
  showLegend();
  if (isTable()) showTable();
}

/** Puts changed nodes in the places of their former selves. */
function refresh() {
  const filtered = filter.text || filter.namespace || filter.owner;
  if (filtered) {
    regroup();
    return;
  }
  for (const group of map.groups) group.nodes.forEach((node, index) => (group.nodes[index] = model.nodes.get(node.name) || node));
  map.invalidate();
  if (isTable() && performance.now() > tableDueMillis) showTable();
}

function fillChoices() {
  const namespaces = new Set();
  const owners = new Set();
  const models = new Set();
  for (const node of model.nodes.values()) {
    models.add(node.model);
    for (const pod of node.pods) {
      namespaces.add(pod.namespace);
      if (pod.owner && owners.size < 300) owners.add(pod.owner);
    }
  }
  map.namespaces = [...namespaces].sort();
  fill(byId("namespace"), map.namespaces);
  fill(byId("model"), [...models].sort());
  byId("owners").replaceChildren(...[...owners].sort().map((owner) => make("option", { value: owner })));
}

function fill(select, values) {
  const known = [...select.options].slice(1).map((option) => option.value);
  if (known.join("\n") === values.join("\n")) return;
  const before = select.value;
  select.replaceChildren(select.options[0], ...values.map((value) => make("option", { value }, value)));
  select.value = values.includes(before) ? before : "";
}

function showLegend() {
  const style = getComputedStyle(document.documentElement);
  const swatch = (paint) => {
    const canvas = make("canvas", { width: 32, height: 24, "aria-hidden": "true" });
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    paint(pen);
    return canvas;
  };
  const plain = (colour) => (pen) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 16, 12);
  };
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const entries = byId("colour").value === "size"
    ? SIZES.map(([size, text]) => [plain(colour(`size-${size}`)), `pod with ${text}`])
    : map.namespaces.slice(0, 12).map((namespace) => [plain(colourOfNamespace(namespace, map.namespaces)), namespace]);
  for (const [cause, [text, letter]] of Object.entries(CAUSES)) {
    entries.push([(pen) => {
      pen.fillStyle = stripes(pen, colour(cause));
      pen.fillRect(0, 0, 16, 12);
    }, `${letter}: stranded, ${text}`]);
  }
  const outline = (width, dash) => (pen) => {
    pen.strokeStyle = colour("plan");
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.strokeRect(1, 1, 14, 10);
  };
  entries.push([outline(2, []), "planned for a waiting pod"], [outline(1, [3, 3]), "planned for an expected pod"]);
  entries.push([(pen) => {
    pen.fillStyle = colour("cpu");
    pen.fillRect(0, 1, 12, 4);
    pen.fillStyle = colour("memory");
    pen.fillRect(0, 7, 9, 4);
  }, "CPU, memory"]);
  byId("legend").replaceChildren(...entries.map(([paint, text]) => make("span", {}, swatch(paint), text)));
}

function showTable() {
  tableDueMillis = performance.now() + 2000;
  const nodes = groups().flatMap((group) => group.nodes.map((node) => [group.label, node]));
  const pages = Math.max(1, Math.ceil(nodes.length / ROWS_AT_ONCE));
  tablePage = Math.min(tablePage, pages - 1);
  const rows = nodes.slice(tablePage * ROWS_AT_ONCE, (tablePage + 1) * ROWS_AT_ONCE);
  const inTable = document.activeElement?.closest("#rows") ? document.activeElement.textContent : null;
  byId("table-caption").textContent = `${number(nodes.length)} nodes`;
  byId("rows").replaceChildren(...rows.map(([label, node]) => {
    const name = make("button", { type: "button" }, node.name);
    name.addEventListener("click", () => map.choose({ name: node.name }, true));
    return make("tr", {},
      make("th", { scope: "row" }, name), make("td", {}, label), make("td", {}, node.model),
      make("td", {}, node.gpus.length > 0 ? `${gpus(node.gpuUsedMilli)} of ${gpus(node.gpuMilli)}` : "–"),
      make("td", {}, strandedWords(node) || "–"),
      make("td", {}, percent(node.cpuMilli - node.cpuFreeMilli, node.cpuMilli)),
      make("td", {}, percent(node.memoryBytes - node.memoryFreeBytes, node.memoryBytes)),
      make("td", {}, number(node.pods.length)), make("td", {}, node.standing));
  }));
  if (inTable) [...byId("rows").querySelectorAll("button")].find((button) => button.textContent === inTable)?.focus();
  byId("page-of").textContent = `page ${tablePage + 1} of ${pages}`;
  byId("previous").disabled = tablePage === 0;
  byId("next").disabled = tablePage >= pages - 1;
}

// Details

const strandedWords = (node) =>
  Object.entries(node.stranded).map(([cause, milli]) => `${gpus(milli)} (${CAUSES[cause][0]})`).join(", ");

function inWords(node) {
  if (!node) return "";
  const parts = [node.name, node.model];
  if (node.gpus.length > 0) parts.push(`${gpus(node.gpuUsedMilli)} of ${gpus(node.gpuMilli)} GPUs allocated`);
  if (node.strandedMilli > 0) parts.push(`stranded ${strandedWords(node)}`);
  parts.push(`CPU ${percent(node.cpuMilli - node.cpuFreeMilli, node.cpuMilli)}`, `${node.pods.length} pods`);
  if (node.standing !== "ready") parts.push(node.standing);
  return parts.join(", ");
}

function list(...pairs) {
  return make("dl", {}, ...pairs.filter(([, text]) => text !== "" && text !== undefined)
    .flatMap(([title, text]) => [make("dt", {}, title), make("dd", {}, text)]));
}

const asksOf = (pod) => {
  const count = pod.gpus ? pod.gpus.length : 0;
  const gpu = count === 0 ? "" : pod.gpuMilli < 1000 ? `${(pod.gpuMilli / 1000).toFixed(2)} GPU, ` : `${count} GPU${count > 1 ? "s" : ""}, `;
  return `${gpu}${cores(pod.cpuMilli)}, ${bytes(pod.memoryBytes)}`;
};

function showDetails() {
  const target = pointed || chosen;
  const node = target && model.nodes.get(target.name);
  const panel = byId("details");
  if (!node) {
    panel.replaceChildren(make("h2", {}, "Details"), make("p", { class: "muted" },
      "Point at a node, a GPU or a pod, or choose one with the arrow keys."));
    return;
  }
  const parts = [];
  const pod = target.pod && node.pods.find((one) => `${one.namespace}/${one.name}` === target.pod);
  if (pod) {
    parts.push(make("div", { class: "pointed" }, make("h2", {}, `Pod ${pod.name}`), list(
      ["Namespace", pod.namespace], ["Owner", pod.owner || "none"], ["Priority", String(pod.priority || 0)], ["Asks for", asksOf(pod)],
      ["GPUs", (pod.gpus || []).join(", ")])));
  }
  const gpu = target.gpu !== undefined && node.gpus[target.gpu];
  if (gpu) {
    parts.push(make("div", { class: "pointed" }, make("h2", {}, `GPU ${target.gpu}`), list(
      ["Model", gpu.model || "unknown"], ["Allocated", `${(1000 - gpu.freeMilli) / 10} %`],
      ["Stranded", gpu.stranded ? `${gpu.freeMilli / 10} %: ${CAUSES[gpu.stranded][0]}` : ""], ["Health", gpu.unhealthy ? "unhealthy" : "healthy"])));
  }
  parts.push(make("h2", {}, `Node ${node.name}`), list(
    ["Pool", node.pool || ""], ["Zone", node.zone || ""], ["Machine", node.machineType || ""], ["State", node.standing],
    ["GPUs", node.gpus.length > 0 ? `${node.gpus.length} × ${node.model}` : "none"],
    ["Allocated", node.gpus.length > 0 ? `${gpus(node.gpuUsedMilli)} of ${gpus(node.gpuMilli)} GPUs` : ""],
    ["Stranded", strandedWords(node)],
    ["CPU", `${cores(node.cpuMilli - node.cpuFreeMilli)} of ${cores(node.cpuMilli)}`],
    ["Memory", `${bytes(node.memoryBytes - node.memoryFreeBytes)} of ${bytes(node.memoryBytes)}`]),
  bar(node.cpuMilli - node.cpuFreeMilli, node.cpuMilli, "cpu"), bar(node.memoryBytes - node.memoryFreeBytes, node.memoryBytes, "memory"));
  if (node.gpus.length > 0) {
    parts.push(make("h3", {}, "GPUs"), make("ul", {}, ...node.gpus.map((one, index) => make("li", { class: index === target.gpu ? "on" : undefined },
      `${index}: ${one.unhealthy ? "unhealthy" : `${(1000 - one.freeMilli) / 10} % allocated`}`,
      one.stranded ? `, the rest stranded: ${CAUSES[one.stranded][0]}` : ""))));
    if (!node.devicesVisible) {
      parts.push(make("p", { class: "muted" }, "Which pod has which of these GPUs is the device plugin's affair; here they are shown in the order of arrival."));
    }
  }
  if (node.slots.length > 0) {
    parts.push(make("h3", {}, "Planned"), make("ul", {}, ...node.slots.map((slot) => make("li", {},
      `${slot.pending ? "for a waiting pod" : "for an expected pod"}: ${slot.gpus.length > 0 ? `${gpus(slot.gpuMilli * slot.gpus.length)} GPU on ${slot.gpus.join(", ")}, ` : ""}${cores(slot.cpuMilli)}`))));
  }
  parts.push(make("h3", {}, `${node.pods.length} pods`), make("ul", {}, ...node.pods.slice(0, 200).map((one) =>
    make("li", { class: one === pod ? "on" : undefined }, `${one.namespace}/${one.name}`, make("br"), make("span", { class: "muted" },
      `${asksOf(one)}${one.owner ? `, ${one.owner}` : ""}`)))));
  panel.replaceChildren(...parts);
}

// Pending

function showPending() {
  if (byId("view-pending").hidden) return;
  const text = byId("pending-search").value.trim().toLowerCase();
  const pods = model.pending.first.filter((pod) =>
    !text || `${pod.namespace}/${pod.name} ${pod.owner || ""} ${pod.reason} ${pod.asks}`.toLowerCase().includes(text));
  const count = model.pending.count;
  const all = count === 1 ? "1 pod waits" : `${number(count)} pods wait`;
  byId("pending-count").textContent = count > model.pending.first.length
    ? `${all}; shown are ${number(pods.length)} of the first ${number(model.pending.first.length)}`
    : `${all}${pods.length < count ? `; ${number(pods.length)} match` : ""}`;
  const now = Date.now();
  byId("pending-rows").replaceChildren(...pods.map((pod) => make("tr", {},
    make("th", { scope: "row" }, `${pod.namespace}/${pod.name}`, pod.owner ? make("div", { class: "muted" }, pod.owner) : ""),
    make("td", {}, pod.asks, pod.priority ? make("div", { class: "muted" }, `priority ${pod.priority}`) : ""),
    make("td", {}, pod.createdEpochMillis > 0 ? duration(now - pod.createdEpochMillis) : "–"),
    make("td", {}, pod.reason), make("td", {}, pod.room || "–"),
    make("td", {}, pod.heldNode ? `${pod.heldNode} (held)` : pod.plannedNodes.join(", ") || "–"))));
}

// Views and theme

const charts = new Charts(byId("charts"));
const VIEWS = ["map", "time", "pending"];

function view(name, focus) {
  for (const one of VIEWS) {
    const on = one === name;
    const tab = byId(`tab-${one}`);
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    byId(`view-${one}`).hidden = !on;
    if (on && focus) tab.focus();
  }
  history.replaceState(null, "", `#${name}`);
  if (name === "map") map.resize();
  if (name === "time") charts.show(model.samples);
  if (name === "pending") showPending();
}

VIEWS.forEach((name, index) => {
  byId(`tab-${name}`).addEventListener("click", () => view(name));
  byId(`tab-${name}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) view(VIEWS[(index + step + VIEWS.length) % VIEWS.length], true);
  });
});

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = dark ? "Light" : "Dark";
  byId("theme").setAttribute("aria-pressed", String(dark));
  map.readTheme();
  showLegend();
  charts.rebuild();
}

const darkWanted = matchMedia("(prefers-color-scheme: dark)");
setTheme((localStorage.getItem("theme") || (darkWanted.matches ? "dark" : "light")) === "dark");
darkWanted.addEventListener("change", () => localStorage.getItem("theme") || setTheme(darkWanted.matches));
byId("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme !== "dark";
  localStorage.setItem("theme", dark ? "dark" : "light");
  setTheme(dark);
});

// Controls

const readFilter = () => {
  filter.text = byId("search").value.trim().toLowerCase();
  filter.namespace = byId("namespace").value;
  filter.owner = byId("owner").value.trim().toLowerCase();
  filter.model = byId("model").value;
  tablePage = 0;
  regroup();
};
for (const id of ["search", "owner"]) byId(id).addEventListener("input", readFilter);
for (const id of ["namespace", "model", "group"]) byId(id).addEventListener("change", readFilter);
byId("colour").addEventListener("change", () => {
  map.colourBy = byId("colour").value;
  map.invalidate();
  showLegend();
});
byId("pending-search").addEventListener("input", showPending);
byId("zoom-in").addEventListener("click", () => map.zoomBy(1.5));
byId("zoom-out").addEventListener("click", () => map.zoomBy(1 / 1.5));
byId("zoom-fit").addEventListener("click", () => map.fit());
byId("previous").addEventListener("click", () => { tablePage--; showTable(); });
byId("next").addEventListener("click", () => { tablePage++; showTable(); });
byId("as-table").addEventListener("click", () => {
  const table = !isTable();
  byId("as-table").setAttribute("aria-pressed", String(table));
  byId("map-area").hidden = table;
  byId("table-area").hidden = !table;
  byId("legend").hidden = table;
  byId("map-help").hidden = table;
  if (table) showTable();
  else map.resize();
});

// The stream

const stream = new Stream({
  onMessage(message) {
    const anew = model.apply(message);
    showFigures();
    if (anew) fillChoices();
    if (anew) regroup();
    else refresh();
    if (pointed || chosen) showDetails();
    if (message.pending || message.whole) showPending();
    if (message.samples && !byId("view-time").hidden) charts.show(model.samples);
    document.body.dataset.messages = Number(document.body.dataset.messages || 0) + 1;
  },
  onState(state, text) {
    const shown = byId("connection");
    if (shown.dataset.state === state) return;
    shown.dataset.state = state;
    shown.textContent = state === "live" ? "Live" : state === "lost" ? "Connection lost" : "No access";
    byId("lost").hidden = state === "live";
    byId("lost-text").textContent = text;
    byId("token-form").hidden = state !== "refused";
  },
});
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("connection").dataset.state = "connecting";
  stream.use(byId("token").value.trim());
});
setInterval(fillChoices, 5000);
showFigures();
showDetails();
showLegend();
const wanted = location.hash.slice(1);
view(VIEWS.includes(wanted) ? wanted : "map");
stream.run();
