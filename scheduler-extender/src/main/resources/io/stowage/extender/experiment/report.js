// Draws the plots of a report by uPlot. Every figure in them is in the tables as well.
const data = JSON.parse(document.getElementById("data").textContent);
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f", "#6a3d9a"];
const HEIGHT = 320;
const plots = [];

const number = (value) => (value == null ? "–" : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toFixed(2));
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (index) => COLOURS[index % COLOURS.length];

function axis(more) {
  const line = { stroke: css("--line"), width: 1 };
  return { stroke: css("--soft"), grid: line, ticks: line, font: "12px system-ui, sans-serif", ...more };
}

function draw(host, options, values) {
  const plot = new uPlot({ width: Math.max(240, host.clientWidth), height: HEIGHT, ...options }, values, host);
  plots.push([host, plot]);
}

function lines(chart, host) {
  draw(host, {
    scales: { x: { time: false } },
    axes: [axis({ label: chart.along }), axis({ label: chart.unit, size: 64 })],
    series: [
      { label: chart.along, value: (plot, at) => number(at) },
      ...chart.series.map((line, index) => ({
        label: line.label, stroke: line.dashed ? css("--text") : colour(index), width: 2, dash: line.dashed ? [6, 4] : undefined,
        spanGaps: true, points: { show: false }, value: (plot, value) => number(value),
      })),
    ],
  }, uPlot.join(chart.series.map((line) => [line.at, line.values])));
}

function bars(chart, host) {
  const many = chart.series.length;
  const at = chart.categories.flatMap((category, index) => chart.series.map((bar, series) => index * (many + 1) + series));
  const values = chart.series.map((bar, series) => at.map((x) => (x % (many + 1) === series ? bar.values[Math.floor(x / (many + 1))] : null)));
  const middles = chart.categories.map((category, index) => index * (many + 1) + (many - 1) / 2);
  draw(host, {
    legend: { live: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [-1, chart.categories.length * (many + 1) - 1] }, y: { range: (plot, least, most) => [Math.min(0, least), Math.max(0, most) * 1.05 || 1] } },
    axes: [axis({ splits: () => middles, values: () => chart.categories, grid: { show: false } }), axis({ label: chart.unit, size: 64 })],
    series: [
      { label: "" },
      ...chart.series.map((bar, index) => ({ label: bar.label, stroke: colour(index), fill: colour(index), points: { show: false }, paths: uPlot.paths.bars({ size: [0.9, 60] }) })),
    ],
  }, [at, ...values]);
}

function intervals(chart, host) {
  const low = chart.items.map((item) => item.low ?? item.mean);
  const high = chart.items.map((item) => item.high ?? item.mean);
  const least = Math.min(0, ...low);
  const most = Math.max(0, ...high);
  const margin = (most - least) * 0.05 || 1;
  draw(host, {
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [-0.5, chart.items.length - 0.5] }, y: { range: () => [least - margin, most + margin] } },
    axes: [
      axis({ splits: () => chart.items.map((item, index) => index), values: () => chart.items.map((item) => item.label), rotate: -35, size: 120, grid: { show: false } }),
      axis({ label: chart.unit, size: 64 }),
    ],
    series: [{}, { stroke: colour(0), paths: () => null, points: { show: true, size: 9, fill: colour(0) } }],
    hooks: {
      draw: [(plot) => {
        const { ctx } = plot;
        const y = (value) => Math.round(plot.valToPos(value, "y", true));
        ctx.save();
        ctx.lineWidth = 2 * devicePixelRatio;
        ctx.strokeStyle = css("--soft");
        ctx.beginPath();
        ctx.moveTo(plot.bbox.left, y(0));
        ctx.lineTo(plot.bbox.left + plot.bbox.width, y(0));
        ctx.stroke();
        ctx.strokeStyle = colour(0);
        chart.items.forEach((item, index) => {
          if (item.low == null) return;
          const x = Math.round(plot.valToPos(index, "x", true));
          const cap = 6 * devicePixelRatio;
          ctx.beginPath();
          ctx.moveTo(x, y(item.low));
          ctx.lineTo(x, y(item.high));
          ctx.moveTo(x - cap, y(item.low));
          ctx.lineTo(x + cap, y(item.low));
          ctx.moveTo(x - cap, y(item.high));
          ctx.lineTo(x + cap, y(item.high));
          ctx.stroke();
        });
        ctx.restore();
      }],
    },
  }, [chart.items.map((item, index) => index), chart.items.map((item) => item.mean)]);
}

const DRAWN = { lines, bars, intervals };

function show() {
  plots.splice(0).forEach(([, plot]) => plot.destroy());
  for (const container of document.querySelectorAll("[data-charts]")) {
    container.replaceChildren();
    for (const { kind, chart } of data[Number(container.dataset.charts)]) {
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      const host = document.createElement("div");
      caption.textContent = chart.title;
      host.setAttribute("role", "img");
      host.setAttribute("aria-label", `${chart.title}; the figures are in the tables below`);
      figure.append(caption, host);
      container.append(figure);
      DRAWN[kind](chart, host);
    }
  }
}

show();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
addEventListener("resize", () => plots.forEach(([host, plot]) => plot.setSize({ width: Math.max(240, host.clientWidth), height: HEIGHT })));
