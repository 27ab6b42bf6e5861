// The page: parts that load later, links that change only the table, and live updates. The page also works without it.
import { drawAll, redraw } from "./charts.js";

const table = () => document.getElementById("table");
const path = () => location.pathname.replace(/\/+$/, "");

// Parts that take longer than the rest of the page.
async function loadFragments() {
  for (const place of document.querySelectorAll("[data-fragment]")) {
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(place.dataset.fragment, { credentials: "same-origin" });
      if (answer.ok) place.innerHTML = await answer.text();
    } catch { /* The link stays. */ }
    place.removeAttribute("aria-busy");
  }
}

// Shows the view of an address: replaces the table and the charts, and leaves everything else as it is.
let asked = 0;
async function show(address, push, isFirst = false) {
  const url = new URL(address, location.href);
  const mine = ++asked;
  let answer;
  try {
    answer = await fetch(`${url.pathname}/table${url.search}`, { credentials: "same-origin" });
  } catch { if (!isFirst) location.href = url.href; return; }
  if (mine !== asked) return;
  if (!answer.ok && answer.status !== 422) { if (!isFirst) location.href = url.href; return; }
  const focused = focusKey();
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["table", "selection", "pins"]) {
    const [old, fresh] = [document.getElementById(id), found.getElementById(id)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
  if (push) history.pushState(null, "", url.href);
  refocus(focused);
  if (isFirst) return;
  redraw();
  listen();
}

// A selector for the focused element that still works after the table has been replaced.
function focusKey() {
  const own = document.activeElement;
  if (!own || own === document.body) return null;
  if (own.closest("#pins")) return "#pins a";
  return own.name ? `[name="${CSS.escape(own.name)}"]` : own.closest("tr")?.id ? `#${CSS.escape(own.closest("tr").id)} .${own.className || "more a"}` : own.closest("th")
    ? `th:nth-child(${own.closest("th").cellIndex + 1}) a` : null;
}

function refocus(key) {
  if (!key) return;
  const found = key.startsWith("#pins") ? document.querySelector(key) : table()?.querySelector(key);
  // The focused element may be gone, such as a row after a step from a configuration to its trials.
  (found || document.getElementById("table-title"))?.focus({ preventScroll: Boolean(found) });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-stay]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href, true);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-stay-form]");
  if (!form) return;
  event.preventDefault();
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  show(`${form.getAttribute("action")}?${given}`, true);
});

addEventListener("popstate", () => { if (table()) show(location.href, false); });

// A selection on the fit map: a rectangle, or a click on a configuration.
addEventListener("fitgap:box", (event) => change("box", event.detail));
addEventListener("fitgap:pick", (event) => {
  const pins = (new URLSearchParams(location.search).get("pins") || "").split(",").filter(Boolean);
  const others = pins.filter((each) => each !== event.detail);
  change("pins", (others.length < pins.length ? others : [...pins, event.detail].slice(-10)).join(","));
});

function change(name, value) {
  if (!table()) return;
  const query = new URLSearchParams(location.search);
  if (value) query.set(name, value); else query.delete(name);
  query.delete("page");
  show(`${location.pathname}?${query}`, true);
}

const LOST = "The page has lost its server and keeps trying to reconnect. If the server was stopped, start it again with “fitgap ui”.";

// Live updates: only changed rows are sent, and only these are replaced.
let events = null;
function listen() {
  const sweep = document.body.dataset.sweep;
  if (!sweep || !table()) return;
  events?.close();
  const query = new URLSearchParams(location.search);
  query.set("html", "1");
  events = new EventSource(`${document.body.dataset.root}api/sweeps/${encodeURIComponent(sweep)}/events?${query}`);
  let isFirst = true;
  events.addEventListener("progress", (event) => {
    const data = JSON.parse(event.data);
    const place = document.getElementById("progress");
    if (place) place.innerHTML = data.html;
    document.body.dataset.state = data.state;
    // Once training starts or ends, the possible actions, the verdicts and the charts all change.
    const shown = document.getElementById("actions")?.dataset.condition;
    if (shown && shown !== `${data.state} ${data.training}`) renew().then(loadFragments);
  });
  events.addEventListener("rows", (event) => {
    // The first rows are mostly those that the page itself has shown, unless a trial began or ended in between.
    if (exchange(JSON.parse(event.data)) || !isFirst) redraw({ later: true });
    isFirst = false;
  });
  events.addEventListener("waiting", (event) => note(JSON.parse(event.data).reason));
  events.addEventListener("gone", () => { events.close(); note("This sweep was deleted."); });
  events.onopen = () => note("");
  events.onerror = () => note(LOST);
}

// A hidden page needs no events. Once it is visible again, the first events bring whatever is new.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) listen();
  else if (events) { events.close(); events = null; }
});

function note(text) {
  let place = document.getElementById("live");
  if (!place) {
    place = Object.assign(document.createElement("p"), { id: "live", className: "live" });
    place.setAttribute("role", "status");
    (document.getElementById("progress") || document.getElementById("facts"))?.after(place);
  }
  place.textContent = text;
}

// Shows rows that have changed. Returns whether anything was new.
function exchange(data) {
  const body = table().querySelector("table.results tbody");
  if (!body) {
    if (data.order.length) show(location.href, false);
    return false;
  }
  let isNew = false;
  for (const [key, html] of Object.entries(data.html)) {
    const holder = document.createElement("tbody");
    holder.innerHTML = html;
    const fresh = holder.querySelector("tr");
    const old = document.getElementById(`row-${key}`);
    if (old && content(old) === content(fresh)) continue;
    isNew = true;
    mark(fresh);
    if (old) {
      // A cell whose column is not shown would shift all others.
      if (old.cells.length !== fresh.cells.length) { show(location.href, false); return false; }
      const focused = old.contains(document.activeElement) ? [...old.querySelectorAll("a")].indexOf(document.activeElement) : -1;
      old.replaceWith(fresh);
      if (focused >= 0) fresh.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
    } else body.append(fresh);
  }
  const wanted = new Set(data.order.map((key) => `row-${key}`));
  for (const row of [...body.rows]) if (!wanted.has(row.id)) { row.remove(); isNew = true; }
  data.order.forEach((key, place) => {
    const row = document.getElementById(`row-${key}`);
    if (row && body.rows[place] !== row) { body.insertBefore(row, body.rows[place] || null); isNew = true; }
  });
  return isNew;
}

// Marks a row for a moment. An animation in CSS would keep the browser busy for as long as the mark is there.
const marked = new Set();
let unmark = null;
function mark(row) {
  row.classList.add("changed");
  marked.add(row);
  unmark ??= setTimeout(() => {
    for (const each of marked) each.classList.remove("changed");
    marked.clear();
    unmark = null;
  }, 2500);
}

// The content of a row, including where its links lead.
const content = (row) => [...row.cells].map((cell) => cell.innerHTML).join("\n");

// A trial that is being trained: its curves grow, and once it has ended, everything about it is new.
function listenToTrial() {
  const { trial, root } = document.body.dataset;
  if (!trial) return;
  const source = new EventSource(`${root}api/trials/${trial}/events`);
  let seen = null;
  source.addEventListener("trial", (event) => {
    const data = JSON.parse(event.data);
    const place = document.getElementById("trained");
    if (place) place.textContent = data.status === "running" ? `training: ${data.epochs} of ${data.planned_epochs} epochs` : data.status;
    // The page itself has just shown the first state.
    if (seen && seen.epochs !== data.epochs) redraw({ later: true });
    if (seen ? seen.status !== data.status || seen.verdict !== data.verdict : document.body.dataset.state !== data.status) renew();
    seen = data;
  });
  source.addEventListener("waiting", (event) => note(JSON.parse(event.data).reason));
  source.addEventListener("gone", () => { source.close(); note("This trial was deleted."); });
  source.addEventListener("done", () => source.close());
  source.onopen = () => note("");
  source.onerror = () => note(LOST);
}

// Replaces the parts of this page that depend on whether a sweep or a trial is being trained.
async function renew() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = found.getElementById(old.id);
    if (fresh) old.replaceWith(document.adoptNode(fresh));
  }
  document.body.dataset.state = found.body.dataset.state;
  redraw();
}

document.addEventListener("securitypolicyviolation", (event) => console.error("blocked by the policy:", event.violatedDirective));
drawAll();
// The table of a large sweep comes after the page.
const first = table()?.querySelector("[data-later]") ? show(location.href, false, true) : Promise.resolve();
first.then(loadFragments).then(() => { if (!events && !document.hidden) listen(); listenToTrial(); });
