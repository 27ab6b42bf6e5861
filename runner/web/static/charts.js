// Charts: Vega-Lite specifications from the server, drawn as SVG without evaluating any text as code.

const dark = matchMedia("(prefers-color-scheme: dark)");
const EMBED = { ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true } };
const drawn = new Map();
let library = null;
// The recent cost of redrawing a chart. While a sweep trains, redrawing may take at most an eightieth of the time. The
// first drawing is not counted: it takes longer, since the library is loaded.
let cost = 0;
let timer = null;
let held = false;
const SHARE = 80, LEAST_PAUSE = 3000, LONGEST_PAUSE = 300000;
addEventListener("pointerdown", (event) => { held = Boolean(event.target.closest?.(".drawing")); });
addEventListener("pointerup", () => { held = false; });

function loadLibrary() {
  library ??= import("./vega.js").then(() => globalThis.vegaEmbed);
  return library;
}

function address(figure) {
  const query = new URLSearchParams(location.search);
  for (const name of ["page", "sort", "columns", "rows", "show"]) query.delete(name);
  query.set("live", "1");
  query.set("theme", dark.matches ? "dark" : "light");
  // The rest is for axis titles, and for legends if there is room for them on the right.
  const room = figure.clientWidth < 560 ? 75 : 190;
  query.set("width", Math.round(Math.min(Math.max(figure.clientWidth - room, 220), 860)));
  return `${figure.dataset.chart}.json?${query}`;
}

async function draw(figure) {
  const place = figure.querySelector(".drawing");
  const mine = Symbol(), began = performance.now(), isFirst = !drawn.has(figure);
  figure.latest = mine;
  place.setAttribute("aria-busy", "true");
  try {
    figure.shown = address(figure);
    const answer = await fetch(figure.shown, { credentials: "same-origin" });
    const text = await answer.text();
    if (figure.latest !== mine) return;
    if (!answer.ok) { figure.shown = null; say(figure, place, text); return; }
    await put(figure, place, JSON.parse(text));
  } catch (error) {
    if (figure.latest === mine) { figure.shown = null; say(figure, place, ""); }
    console.error(error);
  } finally {
    if (figure.latest === mine) place.removeAttribute("aria-busy");
    if (!isFirst) cost = Math.max(cost / 2, performance.now() - began);
  }
}

// Shows the message of the server instead of a chart.
function say(figure, place, text) {
  drawn.get(figure)?.result.finalize();
  drawn.delete(figure);
  const message = new DOMParser().parseFromString(text, "text/html").querySelector("main p")?.textContent;
  place.replaceChildren(Object.assign(document.createElement("p"), { className: "hint", textContent: message || "This chart cannot be drawn now." }));
}

async function put(figure, place, specification) {
  const { datasets = {}, ...shape } = specification;
  // The selected rectangle is not compared: if it was drawn on the chart, it is already there.
  const form = JSON.stringify(shape, (key, value) => (key === "params" ? value.map((each) => each.name) : value));
  const isCleared = figure.dataset.kind === "fitmap" && !new URLSearchParams(location.search).get("box");
  const old = drawn.get(figure);
  if (old && old.form === form && !(isCleared && old.box)) {
    // Only the data are new: keep zoom and selection.
    for (const [name, rows] of Object.entries(datasets)) old.result.view.data(name, rows);
    await old.result.view.runAsync();
    old.box = !isCleared;
    return;
  }
  const embed = await loadLibrary();
  const holder = document.createElement("div");
  const result = await embed(holder, specification, EMBED);
  const zoom = zoomOf(specification);
  if (old && zoom) await keepZoom(old, { result, zoom });
  old?.result.finalize();
  place.replaceChildren(holder);
  const now = { form, result, zoom, box: !isCleared };
  drawn.set(figure, now);
  label(holder, specification);
  offerZoom(figure, now);
  if (figure.dataset.kind === "fitmap") select(result.view, specification.usermeta?.origin || [0, 0]);
}

// The fields along both axes of a chart that can be zoomed, and the names of its scales.
function zoomOf(specification) {
  const name = specification.params?.find((each) => each.name === "zoom")?.views?.[0];
  const find = (part) => (part.name === name ? part : [...(part.layer || []), ...(part.concat || [])].map(find).find(Boolean));
  const unit = name && find(specification);
  return unit ? { x: unit.encoding.x.field, y: unit.encoding.y.field } : null;
}

async function keepZoom(old, now) {
  for (const field of old.zoom ? Object.values(now.zoom) : []) {
    try { now.result.view.signal(`zoom_${field}`, old.result.view.signal(`zoom_${field}`)); } catch { /* Another chart. */ }
  }
  await now.result.view.runAsync();
}

function scaleOf(view, axis) {
  for (const name of [axis, `concat_0_${axis}`]) { try { return view.scale(name); } catch { /* The next name. */ } }
  return null;
}

// Smaller factors show less of the chart, 0 shows all of it.
async function zoomBy({ result: { view }, zoom }, factor) {
  for (const axis of ["x", "y"]) {
    const scale = scaleOf(view, axis);
    if (!scale?.invert) continue;
    const [low, high] = scale.range(), middle = (low + high) / 2, half = ((high - low) / 2) * factor;
    view.signal(`zoom_${zoom[axis]}`, factor ? [scale.invert(middle - half), scale.invert(middle + half)] : null);
  }
  await view.runAsync();
}

function offerZoom(figure, now) {
  let place = figure.querySelector(".zoom");
  if (!now.zoom) { place?.remove(); return; }
  if (place) return;
  place = Object.assign(document.createElement("p"), { className: "zoom" });
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Zoom");
  for (const [text, factor] of [["Zoom in", 0.6], ["Zoom out", 1 / 0.6], ["Whole chart", 0]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: text });
    button.addEventListener("click", () => { const shown = drawn.get(figure); if (shown?.zoom) zoomBy(shown, factor); });
    place.append(button);
  }
  const move = figure.dataset.kind === "fitmap" ? "Shift + drag" : "drag";
  place.append(Object.assign(document.createElement("span"), { className: "hint wide-only", textContent: ` or Ctrl + wheel; ${move} to move` }));
  figure.querySelector(".drawing").after(place);
}

// A name for screen readers: the title with its lines, which say what the chart shows.
function label(holder, specification) {
  const title = specification.title || {};
  const text = [title.text, title.subtitle].flat().filter(Boolean).join(" ");
  const picture = holder.querySelector("svg");
  if (!picture) return;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", text);
  for (const part of picture.querySelectorAll("[role], [aria-label]")) {
    part.removeAttribute("role"); part.removeAttribute("aria-label"); part.removeAttribute("aria-roledescription");
  }
}

function select(view, origin) {
  let wait = null;
  try {
    view.addSignalListener("box", (name, value) => {
      clearTimeout(wait);
      const ranges = ["underfit", "overfit"].map((axis) => value?.[axis]);
      if (!ranges.every(Boolean)) return;
      const box = ranges.flatMap((range, place) => range.map((each) => each + origin[place]).sort((one, other) => one - other)).map((each) => each.toPrecision(6));
      wait = setTimeout(() => dispatchEvent(new CustomEvent("fitgap:box", { detail: box.join(",") })), 350);
    });
    view.addEventListener("click", (event, item) => {
      const configuration = item?.datum?.configuration;
      if (configuration) dispatchEvent(new CustomEvent("fitgap:pick", { detail: configuration }));
    });
  } catch { /* A fit map without points. */ }
}

export function drawAll() {
  for (const figure of document.querySelectorAll("[data-chart]")) near(figure);
}

// Charts are drawn when they come near the visible part of the page.
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { observer.unobserve(entry.target); draw(entry.target); seen.observe(entry.target); }
}, { rootMargin: "600px" });

function near(figure) { observer.observe(figure); }

// While a sweep trains, only visible charts are redrawn; the others are redrawn once they become visible.
const inSight = new Set(), outdated = new Set();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) { inSight.delete(target); continue; }
    inSight.add(target);
    if (outdated.delete(target)) draw(target);
  }
});

// Redraws the charts that the address of the page has changed; with `later`, which means that data are new, all charts.
let haveDataChanged = false;
export function redraw({ later = false } = {}) {
  haveDataChanged ||= later;
  if (later && timer) return;
  clearTimeout(timer);
  const pause = later ? Math.min(Math.max(LEAST_PAUSE, SHARE * cost), LONGEST_PAUSE) : 50;
  timer = setTimeout(() => {
    timer = null;
    if (later && (held || document.hidden)) { redraw({ later }); return; }
    const all = haveDataChanged;
    haveDataChanged = false;
    for (const figure of document.querySelectorAll("[data-chart]")) {
      if (!drawn.has(figure) && !figure.latest || !all && figure.shown === address(figure)) continue;
      if (later && !inSight.has(figure)) outdated.add(figure);
      else { outdated.delete(figure); draw(figure); }
    }
  }, pause);
}

dark.addEventListener("change", () => redraw());
let width = innerWidth;
addEventListener("resize", () => { if (Math.abs(innerWidth - width) > 60) { width = innerWidth; redraw(); } });
