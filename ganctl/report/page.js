"use strict";
// The page reads without this script; with it, charts are drawn, samples play, and the config folds.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 210, LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 24;

  // Texts go in as text, never as HTML.
  function make(name, attributes = {}, ...children) {
    const svg = ["svg", "path", "line", "text", "circle", "g"].includes(name);
    const node = svg ? document.createElementNS(SVG, name) : document.createElement(name);
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

  // How an axis bends: to a plain number, and back.
  const SCALES = {
    linear: [(value) => value, (value) => value],
    log: [(value) => Math.log10(value), (value) => 10 ** value],
    symlog: [
      (value) => (Math.abs(value) <= 1 ? value : Math.sign(value) * (1 + Math.log10(Math.abs(value)))),
      (value) => (Math.abs(value) <= 1 ? value : Math.sign(value) * 10 ** (Math.abs(value) - 1)),
    ],
  };

  function steps(low, high, count) {
    const rough = (high - low) / count || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const unit = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
    const found = [];
    for (let tick = Math.ceil(low / unit - 1e-9) * unit; tick <= high + unit * 1e-9; tick += unit) found.push(Number(tick.toPrecision(12)));
    return found;
  }

  function ticks(scale, low, high) {
    if (scale === "linear") return steps(low, high, 5);
    const back = SCALES[scale][1];
    if (high - low < 1.5) return steps(back(low), back(high), 5).filter((tick) => scale !== "log" || tick > 0);
    if (scale === "symlog") return steps(low, high, 4).map((tick) => Number(back(tick).toPrecision(1)));
    const every = Math.max(1, Math.ceil((high - low) / 5));
    const found = [];
    for (let power = Math.ceil(low); power <= high; power += every) found.push(10 ** power);
    return found;
  }

  class Chart {
    constructor(figure, facts) {
      this.figure = figure;
      this.facts = facts;
      const positive = facts.scale !== "log" ? () => true : (value) => value > 0;
      this.curves = facts.curves.map((curve) => ({ ...curve, points: curve.points.filter((point) => positive(point[1])) })).filter((curve) => curve.points.length);
      this.at = make("span", { class: "at" });
      this.values = [];
      const legend = make("ul", { class: "legend" });
      for (const curve of this.curves) {
        const style = `curve c${curve.colour}${curve.dashed ? " dashed" : ""}`;
        const sample = make("svg", { viewBox: "0 0 18 10", "aria-hidden": "true" }, make("line", { x1: 0, x2: 18, y1: 6, y2: 6, class: style, "stroke-width": 2.5 }));
        const value = make("b");
        this.values.push(value);
        legend.append(make("li", {}, sample, curve.label, value));
      }
      this.plot = make("svg", { class: "plot", height: HEIGHT, role: "img", tabindex: "0", "aria-label": `${facts.title}: ${this.curves.map((curve) => curve.label).join(", ")} over the steps` });
      figure.append(make("h3", {}, facts.title, this.at));
      if (facts.note) figure.append(make("p", { class: "note" }, facts.note));
      figure.append(legend, this.plot);
      this.all = [...new Set(this.curves.flatMap((curve) => curve.points.map((point) => point[0])))].sort((one, other) => one - other);
      this.range();
      this.listen();
      this.read(null);
      new ResizeObserver(() => this.draw()).observe(figure);
    }

    range() {
      const { scale, limits } = this.facts;
      const bend = SCALES[scale][0];
      const values = this.curves.flatMap((curve) => curve.points.map((point) => bend(point[1])));
      const bands = this.curves.flatMap((curve) => (curve.band || []).flatMap((point) => point.slice(1))).filter((value) => scale !== "log" || value > 0);
      for (const value of bands) values.push(bend(value));
      let low = values.reduce((least, value) => Math.min(least, value), Infinity);
      let high = values.reduce((most, value) => Math.max(most, value), -Infinity);
      if (limits) [low, high] = [limits[0], Math.min(limits[1], Math.max(high * 1.05, 1.03))];
      else {
        const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
        [low, high] = [low - room, high + room];
      }
      Object.assign(this, { low, high, first: this.all[0], last: this.all[this.all.length - 1] });
    }

    x(step) {
      return LEFT + ((step - this.first) / (this.last - this.first || 1)) * (this.width - LEFT - RIGHT);
    }

    y(value) {
      const bent = SCALES[this.facts.scale][0](value);
      const share = Math.min(1, Math.max(0, (bent - this.low) / (this.high - this.low)));
      return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    path(points) {
      return points.map((point, place) => `${place ? "L" : "M"}${this.x(point[0]).toFixed(1)} ${this.y(point[1]).toFixed(1)}`).join("");
    }

    draw() {
      this.width = Math.max(200, this.plot.clientWidth);
      this.plot.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
      const parts = [];
      for (const tick of ticks(this.facts.scale, this.low, this.high)) {
        const y = this.y(tick);
        parts.push(make("line", { x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y, class: "grid" }));
        parts.push(make("text", { x: LEFT - 7, y: y + 4, "text-anchor": "end" }, short(tick)));
      }
      for (const tick of steps(this.first, this.last, Math.max(2, Math.floor(this.width / 110)))) {
        const anchor = this.x(tick) > this.width - 34 ? "end" : "middle";
        parts.push(make("text", { x: Math.min(this.x(tick), this.width - 4), y: HEIGHT - 7, "text-anchor": anchor }, tick.toLocaleString("en")));
      }
      for (const curve of this.curves) {
        const band = (curve.band || []).filter((point) => this.facts.scale !== "log" || point[2] > 0);
        if (band.length) {
          const floor = this.facts.scale === "log" ? 10 ** this.low : -Infinity;
          const low = band.map((point) => [point[0], Math.max(point[1], floor)]).reverse();
          const outline = [...band.map((point) => [point[0], point[2]]), ...low];
          parts.push(make("path", { d: `${this.path(outline)}Z`, class: `band f${curve.colour}` }));
        }
        parts.push(make("path", { d: this.path(curve.points), class: `curve c${curve.colour}${curve.dashed ? " dashed" : ""}` }));
        if (curve.points.length < 30) for (const point of curve.points) parts.push(make("circle", { cx: this.x(point[0]), cy: this.y(point[1]), r: 2.4, class: `f${curve.colour}` }));
      }
      this.facts.marks.forEach((mark, row) => {
        if (mark.step < this.first || mark.step > this.last) return;
        const x = this.x(mark.step), right = x > this.width - 120;
        parts.push(make("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM, class: "mark" }));
        parts.push(make("text", { x: right ? x - 4 : x + 4, y: TOP + 11 + 13 * row, class: "mark-name", "text-anchor": right ? "end" : "start" }, mark.name));
      });
      this.cursor = make("g");
      this.plot.replaceChildren(...parts, this.cursor);
      if (this.place !== undefined) this.read(this.place);
    }

    listen() {
      const point = (event) => {
        const across = event.clientX - this.plot.getBoundingClientRect().left;
        const step = this.first + ((across - LEFT) / (this.width - LEFT - RIGHT)) * (this.last - this.first);
        let near = 0;
        this.all.forEach((each, place) => { if (Math.abs(each - step) < Math.abs(this.all[near] - step)) near = place; });
        this.read(near);
      };
      this.plot.addEventListener("pointermove", point);
      this.plot.addEventListener("pointerdown", point);
      this.plot.addEventListener("pointerleave", () => this.read(null));
      this.plot.addEventListener("blur", () => this.read(null));
      this.plot.addEventListener("keydown", (event) => {
        const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!move) return;
        event.preventDefault();
        const place = this.place === undefined ? this.all.length - 1 : this.place + move;
        this.read(Math.min(this.all.length - 1, Math.max(0, place)));
      });
    }

    // Show the values at a place in the steps; null is the last of each curve.
    read(place) {
      this.place = place === null ? undefined : place;
      const step = place === null ? null : this.all[place];
      this.at.textContent = step === null ? "" : `step ${step.toLocaleString("en")}`;
      if (this.cursor) this.cursor.replaceChildren();
      if (this.cursor && step !== null) this.cursor.append(make("line", { x1: this.x(step), x2: this.x(step), y1: TOP, y2: HEIGHT - BOTTOM, class: "cursor" }));
      this.curves.forEach((curve, number) => {
        const point = step === null ? curve.points[curve.points.length - 1] : curve.points.find((each) => each[0] === step);
        this.values[number].textContent = point ? exact(point[1]) : "–";
        if (this.cursor && step !== null && point) this.cursor.append(make("circle", { cx: this.x(step), cy: this.y(point[1]), r: 3.4, class: `f${curve.colour}` }));
      });
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

  for (const figure of document.querySelectorAll("[data-chart]")) new Chart(figure, data.charts[figure.dataset.chart]);
  film(data.frames);
  const only = document.getElementById("changed-only");
  if (only) {
    const apply = () => document.getElementById("config-groups").classList.toggle("only", only.checked);
    only.addEventListener("change", apply);
    only.checked = matchMedia("(max-width: 760px)").matches; // a phone would scroll long through all keys
    apply();
  }
  for (const picture of document.querySelectorAll("img[data-from]")) {
    const source = document.querySelector(`#${picture.dataset.from} img`);
    if (source) picture.src = source.src;
  }
})();
