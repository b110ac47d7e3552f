// Figures over time, by uPlot.
import { CAUSES } from "./model.js";

const value = (unit) => (chart, number) => (number == null ? "–" : `${number.toFixed(unit === "" ? 0 : 1)} ${unit}`.trim());

const ASKS = [
  ["several", "several GPUs", "--gpu-line"],
  ["one", "one GPU", "--cpu-line"],
  ["share", "a share of a GPU", "--memory-line"],
  ["none", "no GPU", "--muted"],
];

const CHARTS = [
  {
    title: "Allocated, as requested, and the bound on GPU", unit: "%", most: 100,
    note: (sample) => sample.boundNote,
    series: [
      ["GPU", "--gpu-line", (sample) => sample.gpuPercent, 2.5],
      ["CPU", "--cpu-line", (sample) => sample.cpuPercent],
      ["memory", "--memory-line", (sample) => sample.memoryPercent],
      ["GPU bound", "--bound-line", (sample) => sample.boundGpuPercent, 1.5, [6, 4]],
    ],
  },
  {
    title: "Stranded GPU by cause", unit: "%", stacked: true,
    series: Object.entries(CAUSES).map(([cause, [text]]) => [text, `--${cause}`, (sample) => sample.strandedPercent[cause]]),
  },
  { title: "Fragmentation", unit: "%", series: [["free GPU that a typical pod cannot use", "--memory-line", (sample) => sample.fragmentedPercent]] },
  {
    title: "Pending pods, by what they ask for", unit: "",
    series: [
      ["pending", "--bound-line", (sample) => sample.pendingPods, 1.5, [6, 4]],
      ...ASKS.map(([ask, text, colour]) => [text, colour, (sample) => sample.waiting[ask]?.[0] ?? 0]),
    ],
  },
  {
    title: "How long the oldest has waited", unit: "min",
    // No figure where pods wait that do not say when they were created, as those of the demo.
    series: ASKS.map(([ask, text, colour]) => [text, colour, (sample) => (sample.waiting[ask] ? sample.waiting[ask][1] / 60 || null : 0)]),
  },
  { title: "Decisions", unit: "/s", series: [["filter answers", "--gpu-line", (sample) => sample.decisionsPerSecond]] },
  {
    title: "Latency of a decision", unit: "ms", logarithmic: true,
    series: [
      ["mean", "--gpu-line", (sample) => sample.filterMeanMillis],
      ["99 of 100 at most", "--cpu-line", (sample) => sample.filterP99Millis, 1.5, [4, 3]],
    ],
  },
];

export class Charts {
  constructor(container) {
    this.container = container;
    this.plots = [];
    this.samples = [];
    new ResizeObserver(() => this.fit()).observe(container);
  }

  show(samples) {
    this.samples = samples;
    if (this.container.offsetParent === null) return;
    if (this.plots.length === 0) this.build();
    const times = samples.map((sample) => sample.epochMillis / 1000);
    for (const { spec, plot, summary } of this.plots) {
      const raw = spec.series.map(([, , read]) => samples.map((sample) => read(sample) ?? null));
      plot.raw = raw;
      plot.setData([times, ...(spec.stacked ? stacked(raw) : raw)]);
      const note = spec.note && samples.length > 0 ? spec.note(samples[samples.length - 1]) : "";
      summary.textContent = note ? `${sentence(spec, raw)} (${note})` : sentence(spec, raw);
    }
  }

  build() {
    this.container.replaceChildren();
    this.plots = [];
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    for (const spec of CHARTS) {
      const card = document.createElement("section");
      card.className = "chart";
      const title = document.createElement("h2");
      title.textContent = spec.title;
      const summary = document.createElement("p");
      card.append(title, summary);
      this.container.append(card);
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "11px system-ui, sans-serif" };
      const plot = new uPlot({
        width: this.widthOf(card), height: 190,
        cursor: { y: false, sync: { key: "stowage" }, drag: { x: false, y: false } },
        scales: { x: { time: true }, y: spec.logarithmic ? { distr: 3 } : { range: (chart, least, most) => [0, spec.most || Math.min(niceAbove(most), spec.unit === "%" ? 100 : Infinity)] } },
        axes: [axis, { ...axis, size: 52, values: (chart, ticks) => ticks.map((tick) => (tick == null ? "" : `${tick}${spec.unit === "%" ? " %" : ""}`)) }],
        series: [
          { label: "time", value: (chart, seconds) => (seconds == null ? "–" : new Date(seconds * 1000).toLocaleTimeString()) },
          ...spec.series.map(([label, name, , width = 1.5, dash], index) => ({
            label, stroke: colour(name), width, dash, spanGaps: true, points: { show: false },
            fill: spec.stacked ? colour(name) : undefined,
            value: spec.stacked
              ? (chart, number, series, at) => value(spec.unit)(chart, at == null ? null : chart.raw[index][at])
              : value(spec.unit),
          })),
        ],
      }, [[], ...spec.series.map(() => [])], card);
      this.plots.push({ spec, plot, summary, card });
    }
  }

  widthOf(card) {
    return Math.max(200, card.clientWidth - 24);
  }

  fit() {
    for (const { plot, card } of this.plots) {
      const width = this.widthOf(card);
      if (card.clientWidth > 0 && width !== plot.width) plot.setSize({ width, height: 190 });
    }
  }

  /** Draws anew, in the theme's colours. */
  rebuild() {
    this.plots.forEach(({ plot }) => plot.destroy());
    this.plots = [];
    this.show(this.samples);
  }
}

/** Sums from the last series up, so that the first is drawn behind the others. */
function stacked(raw) {
  const sums = raw.map((numbers) => numbers.slice());
  for (let series = sums.length - 2; series >= 0; series--) {
    for (let i = 0; i < sums[series].length; i++) sums[series][i] = (sums[series][i] || 0) + (sums[series + 1][i] || 0);
  }
  return sums;
}

function niceAbove(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most * 1.1));
  for (const step of [1, 2, 5, 10]) if (step * power >= most * 1.1) return step * power;
  return most;
}

function sentence(spec, raw) {
  const parts = [];
  spec.series.forEach(([label], index) => {
    const known = raw[index].filter((number) => number != null);
    if (known.length > 0 && (!spec.stacked || known.some((number) => number > 0))) {
      parts.push(`${label} ${value(spec.unit)(null, known[known.length - 1])}`);
    }
  });
  return parts.length > 0 ? `Now: ${parts.join(", ")}` : "Nothing yet";
}
