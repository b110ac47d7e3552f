// What the server has told, with sums kept as nodes change.
export const SIZES = [
  ["share", "part of a GPU"],
  ["one", "1 GPU"],
  ["few", "2 to 4 GPUs"],
  ["many", "5 GPUs and more"],
];
export const CAUSES = {
  noCpu: ["no CPU left", "C"],
  noMemory: ["no memory left", "M"],
  fragmentTooSmall: ["piece too small", "F"],
  wrongModel: ["wrong model", "W"],
  other: ["other", "O"],
};
const NO_CAPACITY = new Set(["not ready", "virtual", "unknown"]);
const ZERO = () => ({
  nodes: 0, pods: 0, gpuMilli: 0, gpuUsedMilli: 0, cpuMilli: 0, cpuUsedMilli: 0, memoryBytes: 0, memoryUsedBytes: 0,
  stranded: { noCpu: 0, noMemory: 0, fragmentTooSmall: 0, wrongModel: 0, other: 0 },
});

export function sizeOf(pod) {
  const count = pod.gpus ? pod.gpus.length : 0;
  if (count === 0) return "cpu";
  if (count === 1) return pod.gpuMilli < 1000 ? "share" : "one";
  return count <= 4 ? "few" : "many";
}

/** Adds what the map and the sums need to know of a node. */
function digest(node) {
  node.model = node.gpus.length ? node.gpus[0].model || "GPU of unknown model" : "no GPU";
  node.counts = !NO_CAPACITY.has(node.standing);
  node.gpuMilli = 0;
  node.gpuUsedMilli = 0;
  node.strandedMilli = 0;
  node.stranded = {};
  node.parts = node.gpus.map(() => []);
  node.sizeMilli = { share: 0, one: 0, few: 0, many: 0 };
  for (const gpu of node.gpus) {
    if (!gpu.unhealthy) {
      node.gpuMilli += 1000;
      node.gpuUsedMilli += 1000 - gpu.freeMilli;
    }
    if (gpu.stranded) {
      node.strandedMilli += gpu.freeMilli;
      node.stranded[gpu.stranded] = (node.stranded[gpu.stranded] || 0) + gpu.freeMilli;
    }
  }
  for (const pod of node.pods) {
    pod.size = sizeOf(pod);
    for (const index of pod.gpus || []) {
      node.parts[index]?.push(pod);
      node.sizeMilli[pod.size] += pod.gpuMilli;
    }
  }
}

export class Model {
  constructor() {
    this.nodes = new Map();
    this.totals = ZERO();
    this.pending = { count: 0, first: [] };
    this.samples = [];
  }

  /** Takes a message; returns whether nodes came or went, or may be grouped anew. */
  apply(message) {
    let regroup = message.whole;
    if (message.whole) {
      this.nodes = new Map();
      this.totals = ZERO();
      this.samples = [];
    }
    for (const name of message.gone) {
      regroup = this.remove(name) || regroup;
    }
    for (const node of message.nodes) {
      digest(node);
      const before = this.nodes.get(node.name);
      if (before) {
        this.count(before, -1);
        regroup ||= before.pool !== node.pool || before.zone !== node.zone || before.model !== node.model;
      } else {
        regroup = true;
      }
      this.nodes.set(node.name, node);
      this.count(node, 1);
    }
    if (message.pending) this.pending = message.pending;
    if (message.samples) {
      this.samples.push(...message.samples);
      if (this.samples.length > 2160) this.samples.splice(0, this.samples.length - 2160);
    }
    return regroup;
  }

  remove(name) {
    const node = this.nodes.get(name);
    if (!node) return false;
    this.count(node, -1);
    return this.nodes.delete(name);
  }

  count(node, sign) {
    const sums = this.totals;
    sums.nodes += sign;
    sums.pods += sign * node.pods.length;
    if (!node.counts) return;
    sums.gpuMilli += sign * node.gpuMilli;
    sums.gpuUsedMilli += sign * node.gpuUsedMilli;
    sums.cpuMilli += sign * node.cpuMilli;
    sums.cpuUsedMilli += sign * (node.cpuMilli - node.cpuFreeMilli);
    sums.memoryBytes += sign * node.memoryBytes;
    sums.memoryUsedBytes += sign * (node.memoryBytes - node.memoryFreeBytes);
    for (const [cause, milli] of Object.entries(node.stranded)) sums.stranded[cause] += sign * milli;
  }
}

/** Tells whether a pod is among those looked for. */
export function podMatches(pod, filter) {
  return (!filter.namespace || pod.namespace === filter.namespace) && (!filter.owner || (pod.owner || "").toLowerCase().includes(filter.owner));
}

export function nodeMatches(node, filter) {
  if (filter.model && node.model !== filter.model) return false;
  if ((filter.namespace || filter.owner) && !node.pods.some((pod) => podMatches(pod, filter))) return false;
  const text = filter.text;
  return !text || node.name.toLowerCase().includes(text) ||
    node.pods.some((pod) => `${pod.namespace}/${pod.name} ${pod.owner || ""}`.toLowerCase().includes(text));
}

export const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "–");
export const number = (value) => value.toLocaleString("en-US");
export const gpus = (milli) => (milli / 1000).toLocaleString("en-US", { maximumFractionDigits: 1 });
export const cores = (milli) => `${(milli / 1000).toLocaleString("en-US", { maximumFractionDigits: 1 })} cores`;
export const bytes = (value) => `${(value / 2 ** 30).toLocaleString("en-US", { maximumFractionDigits: 1 })} GiB`;
export function duration(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
