// The packing map: nodes as tiles on a canvas, drawn in less detail the smaller they are.
import { CAUSES, podMatches, percent, number, gpus } from "./model.js";

const HEADER = 24;
const PAD = 10;
const LEAST_GROUP = 200;
const FLATNESS = 0.74;
const LEAST_TILE = 5;
const MOST_TILE = 168;
const MOST_ZOOM = 60;
const NAMESPACE_COLOURS = ["#2f7fd6", "#14997a", "#7a5cc9", "#d0761b", "#c2508f", "#5a8f1f", "#1f96ab", "#a8603f", "#4f63c6", "#8d7a10"];

export function colourOfNamespace(namespace, known) {
  return NAMESPACE_COLOURS[known.indexOf(namespace) % NAMESPACE_COLOURS.length] || NAMESPACE_COLOURS[0];
}

/** Returns a stripe pattern of a colour, for what is stranded. */
export function stripes(context, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour;
  pen.globalAlpha = 0.28;
  pen.fillRect(0, 0, 8, 8);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const offset of [-8, 0, 8]) {
    pen.moveTo(offset - 1, 9);
    pen.lineTo(offset + 9, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

export class PackingMap {
  constructor(canvas, { onPoint, onChoose }) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.onPoint = onPoint;
    this.onChoose = onChoose;
    this.groups = [];
    this.tiles = [];
    this.filter = {};
    this.namespaces = [];
    this.colourBy = "size";
    this.zoom = 1;
    this.left = 0;
    this.top = 0;
    this.focused = null;
    this.chosen = null;
    this.drawn = 0;
    this.scheduled = false;
    this.readTheme();
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    this.listen();
  }

  readTheme() {
    const style = getComputedStyle(document.documentElement);
    this.theme = {};
    for (const name of ["card", "text", "muted", "accent", "track", "tile", "tile-line", "cell", "faded", "plan", "cpu", "memory",
      "size-share", "size-one", "size-few", "size-many", "size-cpu", ...Object.keys(CAUSES)]) {
      this.theme[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.stripes = {};
    for (const cause of Object.keys(CAUSES)) this.stripes[cause] = stripes(this.pen, this.theme[cause]);
    this.invalidate();
  }

  resize() {
    const { width, height } = this.canvas.parentElement.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    this.ratio = window.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.layOut();
  }

  /** Shows groups of nodes: [{label, nodes}]. */
  show(groups) {
    this.groups = groups;
    this.layOut();
  }

  layOut() {
    if (!this.width) return;
    let least = LEAST_TILE;
    let most = MOST_TILE;
    for (let i = 0; i < 14; i++) {
      const middle = (least + most) / 2;
      if (this.arrange(middle) <= this.height) least = middle;
      else most = middle;
    }
    this.tile = least;
    this.contentHeight = this.arrange(least);
    const step = least + this.gap(least);
    const down = least * FLATNESS + this.gap(least);
    this.tiles = [];
    this.places = new Map();
    for (const group of this.groups) {
      group.nodes.forEach((node, index) => {
        const place = {
          name: node.name,
          x: group.x + (index % group.columns) * step,
          y: group.y + HEADER + Math.floor(index / group.columns) * down,
        };
        this.places.set(node.name, place);
        this.tiles.push(place);
      });
    }
    this.clamp();
    this.invalidate();
  }

  gap(size) {
    return size < 20 ? 2 : Math.max(3, size * 0.07);
  }

  /** Gives each group its place for tiles of a size, small ones side by side; returns the height. */
  arrange(size) {
    const gap = this.gap(size);
    const step = size + gap;
    const columns = Math.max(1, Math.floor((this.width - 2 * PAD + gap) / step));
    let y = PAD / 2;
    let used = 0;
    let rows = 0;
    const newLine = () => {
      if (used > 0) y += HEADER + 8 + rows * (size * FLATNESS + gap);
      used = rows = 0;
    };
    for (const group of this.groups) {
      const wide = Math.min(columns, Math.max(group.nodes.length, Math.ceil(LEAST_GROUP / step)));
      if (used + wide > columns) newLine();
      group.x = PAD + used * step;
      group.y = y;
      group.columns = Math.min(columns, Math.max(1, group.nodes.length));
      rows = Math.max(rows, Math.ceil(group.nodes.length / group.columns));
      group.end = y + HEADER + Math.ceil(group.nodes.length / group.columns) * (size * FLATNESS + gap);
      group.right = group.x + wide * step;
      used += wide + 1;
    }
    newLine();
    return y;
  }

  clamp() {
    this.left = Math.min(0, Math.max(this.left, this.width - this.width * this.zoom));
    this.top = Math.min(0, Math.max(this.top, this.height - Math.max(this.height, this.contentHeight) * this.zoom));
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    this.left = x - ((x - this.left) * zoom) / this.zoom;
    this.top = y - ((y - this.top) * zoom) / this.zoom;
    this.zoom = zoom;
    this.clamp();
    this.invalidate();
  }

  fit() {
    this.zoom = 1;
    this.left = this.top = 0;
    this.invalidate();
  }

  invalidate() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const { pen, theme } = this;
    if (!this.width || this.canvas.offsetParent === null) return;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.fillStyle = theme.card;
    pen.fillRect(0, 0, this.width, this.height);
    const tile = this.tile * this.zoom;
    let tiles = 0;
    for (const group of this.groups) {
      const y = group.y * this.zoom + this.top;
      if (y > this.height || group.end * this.zoom + this.top < 0) continue;
      if (group.right * this.zoom + this.left > 0 && group.x * this.zoom + this.left < this.width) this.drawHeader(group, y);
      for (const node of group.nodes) {
        const place = this.places.get(node.name);
        const x = place.x * this.zoom + this.left;
        const top = place.y * this.zoom + this.top;
        if (x > this.width || top > this.height || x + tile < 0 || top + tile * FLATNESS < 0) continue;
        tiles++;
        if (tile < 24) this.drawSmall(node, x, top, tile, tile * FLATNESS);
        else this.drawTile(node, x, top, tile, tile * FLATNESS);
      }
    }
    for (const [name, width] of [[this.chosen, 3], [this.focused, 2]]) {
      const place = name && this.places.get(name);
      if (place) {
        pen.strokeStyle = theme.accent;
        pen.lineWidth = width;
        pen.strokeRect(place.x * this.zoom + this.left - 2, place.y * this.zoom + this.top - 2, tile + 4, tile * FLATNESS + 4);
      }
    }
    this.drawn++;
    this.canvas.dataset.drawn = this.drawn;
    this.canvas.dataset.tiles = tiles;
  }

  drawHeader(group, y) {
    let total = 0;
    let used = 0;
    for (const node of group.nodes) {
      total += node.counts ? node.gpuMilli : 0;
      used += node.counts ? node.gpuUsedMilli : 0;
    }
    const { pen, theme } = this;
    pen.textBaseline = "middle";
    pen.font = "600 13px system-ui, 'DejaVu Sans', sans-serif";
    pen.fillStyle = theme.text;
    const left = Math.max(PAD, group.x * this.zoom + this.left);
    const middle = y + (HEADER * this.zoom) / 2 + 1;
    pen.fillText(group.label, left, middle);
    const offset = pen.measureText(group.label).width + 10;
    pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    pen.fillStyle = theme.muted;
    const nodes = `${number(group.nodes.length)} ${group.nodes.length === 1 ? "node" : "nodes"}`;
    pen.fillText(total > 0 ? `${nodes} · ${percent(used, total)} of ${gpus(total)} GPUs` : nodes, left + offset, middle);
  }

  colourOf(pod) {
    if (!podMatches(pod, this.filter)) return this.theme.faded;
    return this.colourBy === "namespace" ? colourOfNamespace(pod.namespace, this.namespaces) : this.theme[`size-${pod.size}`];
  }

  /** One column for all the node's GPUs, where cells would be too small to tell apart. */
  drawSmall(node, x, y, width, height) {
    const { pen, theme } = this;
    pen.fillStyle = theme.cell;
    pen.fillRect(x, y, width, height);
    if (node.gpuMilli === 0) {
      const part = node.cpuMilli > 0 ? 1 - node.cpuFreeMilli / node.cpuMilli : 0;
      pen.fillStyle = theme["size-cpu"];
      pen.fillRect(x, y + height * (1 - part), width, height * part);
      return;
    }
    let bottom = y + height;
    const scale = height / node.gpuMilli;
    const fill = (colour, milli) => {
      pen.fillStyle = colour;
      bottom -= milli * scale;
      pen.fillRect(x, bottom, width, milli * scale);
    };
    const plain = this.colourBy === "size" && !this.filter.namespace && !this.filter.owner;
    if (plain) {
      for (const size of ["many", "few", "one", "share"]) {
        if (node.sizeMilli[size] > 0) fill(theme[`size-${size}`], node.sizeMilli[size]);
      }
    } else {
      for (const pod of node.pods) if (pod.gpus) fill(this.colourOf(pod), pod.gpuMilli * pod.gpus.length);
    }
    for (const [cause, milli] of Object.entries(node.stranded)) fill(width < 12 ? theme[cause] : this.stripes[cause], milli);
    if (!node.counts || node.standing === "cordoned") this.shade(x, y, width, height);
  }

  shade(x, y, width, height) {
    this.pen.globalAlpha = 0.6;
    this.pen.fillStyle = this.theme.card;
    this.pen.fillRect(x, y, width, height);
    this.pen.globalAlpha = 1;
  }

  drawTile(node, x, y, width, height) {
    const { pen, theme } = this;
    pen.fillStyle = theme.tile;
    pen.fillRect(x, y, width, height);
    pen.strokeStyle = theme["tile-line"];
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    const named = width >= 82;
    const inset = Math.max(1.5, width * 0.035);
    const area = this.cellArea(x, y, width, height);
    if (named) {
      pen.font = `${Math.min(13, Math.max(10, width * 0.085))}px system-ui, 'DejaVu Sans', sans-serif`;
      pen.textBaseline = "middle";
      pen.fillStyle = theme.text;
      const standing = node.standing === "ready" ? "" : ` · ${node.standing}`;
      pen.fillText(this.cut(node.name + standing, width - 2 * inset), x + inset + 1, y + (area.y - y) / 2 + 1);
    }
    node.gpus.forEach((gpu, index) => this.drawCell(node, gpu, index, this.cell(area, node.gpus.length, index)));
    const kept = node.gpus.map(() => 0);
    for (const slot of node.slots) this.drawSlot(node, slot, area, kept);
    if (node.gpus.length === 0 && area.height > 12 && width >= 60) {
      pen.fillStyle = theme.muted;
      pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
      pen.fillText(this.cut(`CPU only, ${node.pods.length} pods`, area.width), area.x + 2, area.y + area.height / 2);
    }
    const bar = (area.below - 2 * inset) / 2.5;
    const barY = area.y + area.height + inset;
    this.drawBar(area.x, barY, area.width, bar, node.cpuMilli, node.cpuFreeMilli, theme.cpu);
    this.drawBar(area.x, barY + bar * 1.4, area.width, bar, node.memoryBytes, node.memoryFreeBytes, theme.memory);
    if (!node.counts || node.standing === "cordoned") this.shade(x, y + (named ? area.y - y : 0), width, height - (named ? area.y - y : 0));
  }

  cut(text, width) {
    const { pen } = this;
    if (pen.measureText(text).width <= width) return text;
    while (text.length > 1 && pen.measureText(`…${text}`).width > width) text = text.slice(1);
    return `…${text}`;
  }

  drawBar(x, y, width, height, total, free, colour) {
    const { pen, theme } = this;
    pen.fillStyle = theme.track;
    pen.fillRect(x, y, width, height);
    if (total > 0) {
      pen.fillStyle = colour;
      pen.fillRect(x, y, width * (1 - free / total), height);
    }
  }

  /** Where a tile's GPUs are: between its name and its bars. */
  cellArea(x, y, width, height) {
    const inset = Math.max(1.5, width * 0.035);
    const head = width >= 82 ? Math.max(15, height * 0.17) : inset;
    const below = Math.max(4, height * 0.15) + inset;
    return { x: x + inset, y: y + head, width: width - 2 * inset, height: height - head - below, below };
  }

  cell(area, count, index) {
    const rows = count <= 4 ? 1 : count <= 16 ? 2 : Math.ceil(Math.sqrt(count / 2));
    const columns = Math.ceil(count / rows);
    const gap = area.width / columns > 8 ? Math.max(1, (area.width / columns) * 0.07) : 0.5;
    const width = (area.width - gap * (columns - 1)) / columns;
    const height = (area.height - gap * (rows - 1)) / rows;
    return { x: area.x + (index % columns) * (width + gap), y: area.y + Math.floor(index / columns) * (height + gap), width, height };
  }

  drawCell(node, gpu, index, cell) {
    const { pen, theme } = this;
    pen.fillStyle = theme.cell;
    pen.fillRect(cell.x, cell.y, cell.width, cell.height);
    if (gpu.unhealthy) {
      pen.strokeStyle = theme.muted;
      pen.beginPath();
      pen.moveTo(cell.x, cell.y);
      pen.lineTo(cell.x + cell.width, cell.y + cell.height);
      pen.moveTo(cell.x + cell.width, cell.y);
      pen.lineTo(cell.x, cell.y + cell.height);
      pen.stroke();
      return;
    }
    let bottom = cell.y + cell.height;
    for (const pod of node.parts[index]) {
      const height = (cell.height * Math.min(1000, pod.gpuMilli)) / 1000;
      pen.fillStyle = this.colourOf(pod);
      bottom -= height;
      pen.fillRect(cell.x, Math.max(cell.y, bottom) + (height > 4 && pod.gpuMilli < 1000 ? 1 : 0), cell.width, height - (height > 4 && pod.gpuMilli < 1000 ? 1 : 0));
    }
    if (gpu.stranded) {
      const height = (cell.height * gpu.freeMilli) / 1000;
      pen.fillStyle = cell.width < 6 ? theme[gpu.stranded] : this.stripes[gpu.stranded];
      pen.fillRect(cell.x, cell.y, cell.width, height);
      if (cell.width >= 15 && height >= 15) {
        pen.font = "700 11px system-ui, 'DejaVu Sans', sans-serif";
        pen.textBaseline = "middle";
        const letter = CAUSES[gpu.stranded][1];
        const half = pen.measureText(letter).width / 2;
        pen.fillStyle = theme.tile;
        pen.fillRect(cell.x + cell.width / 2 - half - 2, cell.y + height / 2 - 7, 2 * half + 4, 14);
        pen.fillStyle = theme.text;
        pen.fillText(letter, cell.x + cell.width / 2 - half, cell.y + height / 2 + 1);
      }
    }
  }

  /** Outlines what a slot keeps of its GPUs, above what slots before it keep. */
  drawSlot(node, slot, area, kept) {
    const { pen, theme } = this;
    pen.strokeStyle = theme.plan;
    for (const index of slot.gpus) {
      const cell = this.cell(area, node.gpus.length, index);
      const freeMilli = node.gpus[index].freeMilli - kept[index];
      if (cell.width < 5 || freeMilli <= 0) continue;
      kept[index] += slot.gpuMilli;
      const height = Math.max(3, (cell.height * Math.min(slot.gpuMilli, freeMilli)) / 1000);
      const bottom = cell.y + (cell.height * freeMilli) / 1000;
      pen.lineWidth = slot.pending ? 2 : 1;
      pen.setLineDash(slot.pending ? [] : [3, 3]);
      pen.strokeRect(cell.x + 1, bottom - height + 1, cell.width - 2, height - 2);
    }
    pen.setLineDash([]);
  }

  /** Returns what is at a place of the canvas: {name, gpu, pod}, null where nothing is. */
  at(x, y) {
    const tile = this.tile * this.zoom;
    for (const group of this.groups) {
      if (y < group.y * this.zoom + this.top || y >= group.end * this.zoom + this.top || x >= group.right * this.zoom + this.left) continue;
      for (const node of group.nodes) {
        const place = this.places.get(node.name);
        const left = place.x * this.zoom + this.left;
        const top = place.y * this.zoom + this.top;
        if (x >= left && x < left + tile && y >= top && y < top + tile * FLATNESS) {
          return { name: node.name, ...this.within(node, x, y, left, top, tile) };
        }
      }
    }
    return null;
  }

  within(node, x, y, left, top, tile) {
    if (tile < 24) return {};
    const area = this.cellArea(left, top, tile, tile * FLATNESS);
    for (let index = 0; index < node.gpus.length; index++) {
      const cell = this.cell(area, node.gpus.length, index);
      if (x >= cell.x && x < cell.x + cell.width && y >= cell.y && y < cell.y + cell.height) {
        let milli = (1000 * (cell.y + cell.height - y)) / cell.height;
        const pod = node.parts[index].find((one) => (milli -= one.gpuMilli) < 0);
        return { gpu: index, pod: pod && `${pod.namespace}/${pod.name}` };
      }
    }
    return {};
  }

  point(target, byKeyboard) {
    const name = target ? target.name : null;
    if (name !== this.focused) {
      this.focused = name;
      this.invalidate();
    }
    this.onPoint(target, byKeyboard);
  }

  moveFocus(key) {
    if (this.tiles.length === 0) return;
    const current = this.places.get(this.focused || this.chosen);
    const index = current ? this.tiles.indexOf(current) : -1;
    let next = null;
    if (key === "Home" || index < 0) next = this.tiles[0];
    else if (key === "End") next = this.tiles[this.tiles.length - 1];
    else if (key === "ArrowLeft") next = this.tiles[index - 1];
    else if (key === "ArrowRight") next = this.tiles[index + 1];
    else {
      const sign = key === "ArrowUp" ? -1 : 1;
      let best = Infinity;
      for (const tile of this.tiles) {
        const down = (tile.y - current.y) * sign;
        const cost = down > 1 ? down * 1000 + Math.abs(tile.x - current.x) : Infinity;
        if (cost < best) {
          best = cost;
          next = tile;
        }
      }
    }
    if (!next) return;
    this.reveal(next);
    this.point({ name: next.name }, true);
  }

  reveal(place) {
    const tile = this.tile * this.zoom;
    const x = place.x * this.zoom + this.left;
    const y = place.y * this.zoom + this.top;
    if (x < 0 || x + tile > this.width) this.left += this.width / 2 - x;
    if (y < 0 || y + tile > this.height) this.top += this.height / 2 - y;
    this.clamp();
    this.invalidate();
  }

  listen() {
    const { canvas } = this;
    let drag = null;
    const position = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), ...position(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, y: event.clientY, left: this.left, top: this.top, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        this.point(this.at(...position(event)), false);
        return;
      }
      const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
      if (Math.abs(x) + Math.abs(y) > 4) drag.moved = true;
      if (drag.moved) {
        canvas.classList.add("moving");
        this.left = drag.left + x;
        this.top = drag.top + y;
        this.clamp();
        this.invalidate();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) this.choose(this.at(...position(event)), false);
      drag = null;
      canvas.classList.remove("moving");
    });
    canvas.addEventListener("pointerleave", () => this.point(null, false));
    canvas.addEventListener("keydown", (event) => {
      if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) this.moveFocus(event.key);
      else if (event.key === "+" || event.key === "=") this.zoomBy(1.4);
      else if (event.key === "-") this.zoomBy(1 / 1.4);
      else if (event.key === "0") this.fit();
      else if (event.key === "Enter" && this.focused) this.choose({ name: this.focused }, true);
      else if (event.key === "Escape") this.choose(null, true);
      else return;
      event.preventDefault();
    });
    canvas.addEventListener("blur", () => this.point(null, false));
  }

  choose(target, byKeyboard) {
    this.chosen = target ? target.name : null;
    this.invalidate();
    this.onChoose(target, byKeyboard);
  }
}
