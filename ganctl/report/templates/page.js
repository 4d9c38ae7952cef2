"use strict";
// The page reads without this script; with it, charts are drawn, samples play, and the config folds.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // Texts go in as text, never as HTML.
  function make(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  function short(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e5 || size < 1e-3) return value.toExponential(size >= 1e5 ? 1 : 0).replace("e+", "e");
    return String(Number(value.toPrecision(3)));
  }
  const exact = (value) => (Math.abs(value) >= 1e5 ? value.toExponential(2).replace("e+", "e") : String(Number(value.toPrecision(4))));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const HEIGHT = 210;
  const DISTRIBUTIONS = { linear: 1, log: 3, symlog: 4 }; // uPlot's
  const charts = [];

  class Chart {
    constructor(figure, facts) {
      const positive = facts.scale !== "log" ? () => true : (value) => value > 0;
      this.curves = facts.curves.map((curve) => ({ ...curve, points: curve.points.filter((point) => positive(point[1])) })).filter((curve) => curve.points.length);
      this.facts = facts;
      this.steps = [...new Set(this.curves.flatMap((curve) => curve.points.map((point) => point[0])))].sort((one, other) => one - other);
      this.at = make("span", { class: "at" });
      const legend = make("ul", { class: "legend" });
      for (const curve of this.curves) {
        curve.shown = make("b");
        legend.append(make("li", {}, make("span", { class: `sample c${curve.colour}${curve.dashed ? " dashed" : ""}` }), curve.label, curve.shown));
      }
      const names = this.curves.map((curve) => curve.label).join(", ");
      this.place = make("div", { class: "plot", role: "img", tabindex: "0", "aria-label": `${facts.title}: ${names} over the steps` });
      figure.append(make("h3", {}, facts.title, this.at));
      const note = [facts.note, { log: "logarithmic axis", symlog: "axis logarithmic beyond 1" }[facts.scale]].filter(Boolean).join("; ");
      if (note) figure.append(make("p", { class: "note" }, note));
      figure.append(legend, this.place);
      this.draw();
      this.read(null);
      this.place.addEventListener("keydown", (event) => this.move(event));
      this.place.addEventListener("blur", () => this.plot.setCursor({ left: -10, top: -10 }));
      new ResizeObserver(() => this.plot.setSize({ width: this.width(), height: HEIGHT })).observe(figure);
    }

    width() {
      return Math.max(200, this.place.clientWidth);
    }

    // What uPlot wants: the steps, then for each series its value at each of them.
    column(points, place) {
      const known = new Map(points.map((point) => [point[0], point[place]]));
      return this.steps.map((step) => known.get(step) ?? null);
    }

    draw() {
      const columns = [this.steps], series = [{}], bands = [];
      for (const curve of this.curves) {
        const stroke = () => colour(`c${curve.colour}`);
        columns.push(this.column(curve.points, 1));
        series.push({ stroke, width: 1.7, dash: curve.dashed ? [5, 3] : undefined, spanGaps: true, points: { show: curve.points.length < 30, size: 5 } });
        const band = (curve.band || []).filter((point) => this.facts.scale !== "log" || point[1] > 0);
        if (!band.length) continue;
        for (const place of [2, 1]) {
          columns.push(this.column(band, place));
          series.push({ stroke: "transparent", spanGaps: true, points: { show: false }, pxAlign: 0 });
        }
        bands.push({ series: [series.length - 2, series.length - 1], fill: () => `color-mix(in srgb, ${stroke()} 16%, transparent)` });
      }
      const { limits, scale } = this.facts;
      const y = { distr: DISTRIBUTIONS[scale], asinh: 1 };
      if (limits) y.range = (_, low, high) => [limits[0], Math.min(limits[1], Math.max(high * 1.05, 1.03))];
      const axis = { stroke: () => colour("quiet"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, font: "11.5px system-ui, sans-serif" };
      this.plot = new uPlot(
        {
          width: this.width(),
          height: HEIGHT,
          scales: { x: { time: false }, y },
          axes: [
            { ...axis, size: 26, values: (_, found) => found.map((step) => (step === null ? "" : step.toLocaleString("en"))) },
            { ...axis, size: 52, values: (_, found) => found.map((value) => (value === null ? "" : short(value))) },
          ],
          series,
          bands,
          legend: { show: false },
          cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
          hooks: { draw: [(plot) => this.marks(plot)], setCursor: [(plot) => this.read(plot.cursor.idx)] },
        },
        columns,
        this.place,
      );
    }

    // Dotted lines where findings of the diagnosis began.
    marks(plot) {
      const { ctx, bbox } = plot, ratio = devicePixelRatio || 1;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("mark");
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.font = `${11.5 * ratio}px system-ui, sans-serif`;
      this.facts.marks.forEach((mark, row) => {
        const x = plot.valToPos(mark.step, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) return;
        const right = x > bbox.left + bbox.width - 120 * ratio;
        ctx.textAlign = right ? "right" : "left";
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.fillText(mark.name, x + (right ? -4 : 4) * ratio, bbox.top + (11 + 13 * row) * ratio);
      });
      ctx.restore();
    }

    move(event) {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const from = this.now ?? this.steps.length - 1 - by;
      const place = Math.min(this.steps.length - 1, Math.max(0, from + by));
      this.plot.setCursor({ left: this.plot.valToPos(this.steps[place], "x"), top: 10 });
      this.read(place);
    }

    // Show the values at a place in the steps; null is the last of each curve.
    read(place) {
      this.now = place ?? undefined;
      const step = place === null || place === undefined ? null : this.steps[place];
      this.at.textContent = step === null ? "" : `step ${step.toLocaleString("en")}`;
      for (const curve of this.curves) {
        const point = step === null ? curve.points[curve.points.length - 1] : curve.points.find((each) => each[0] === step);
        curve.shown.textContent = point ? exact(point[1]) : "–";
      }
    }
  }

  function film(frames) {
    const [picture, slider, label, button] = ["frame", "slider", "frame-step", "play"].map((name) => document.getElementById(name));
    if (!slider) return;
    let timer = 0;
    function show(place) {
      slider.value = place;
      const frame = frames[slider.value];
      picture.src = frame.uri;
      picture.alt = `samples at step ${frame.step}`;
      label.textContent = `step ${frame.step.toLocaleString("en")}`;
      slider.setAttribute("aria-valuetext", label.textContent);
    }
    function stop() {
      clearInterval(timer);
      timer = 0;
      button.textContent = "Play";
    }
    function play() {
      if (Number(slider.value) === frames.length - 1) show(0);
      button.textContent = "Pause";
      timer = setInterval(() => {
        show(Number(slider.value) + 1);
        if (Number(slider.value) === frames.length - 1) stop();
      }, Math.max(120, Math.min(600, 8000 / frames.length)));
    }
    button.addEventListener("click", () => (timer ? stop() : play()));
    slider.addEventListener("input", () => { stop(); show(slider.value); });
    document.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      // Where something else has the focus that knows arrows itself, it keeps them.
      if (!move || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, .plot, .scroll")) return;
      stop();
      show(Math.min(frames.length - 1, Math.max(0, Number(slider.value) + move)));
      event.preventDefault();
    });
    show(slider.max);
  }

  for (const figure of document.querySelectorAll("[data-chart]")) charts.push(new Chart(figure, data.charts[figure.dataset.chart]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((each) => each.plot.redraw(false)));
  for (const picture of document.querySelectorAll("figure img, .run img")) picture.addEventListener("click", () => picture.classList.toggle("large"));
  film(data.frames);
  const only = document.getElementById("changed-only");
  if (only) {
    const apply = () => document.getElementById("config-groups").classList.toggle("only", only.checked);
    only.addEventListener("change", apply);
    // A phone would scroll long through all keys, if there are any that differ.
    only.checked = matchMedia("(max-width: 760px)").matches && document.querySelector("#config .key.changed") !== null;
    apply();
  }
  for (const picture of document.querySelectorAll("img[data-from]")) {
    const source = document.querySelector(`#${picture.dataset.from} img`);
    if (source) picture.src = source.src;
  }
})();
