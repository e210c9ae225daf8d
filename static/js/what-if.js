/* The what-if page: sliders over the tree, and every rank as they move. The server has drawn the page
   already, under the weights of the address; here the same elements are kept up to date. */
"use strict";

const LONGEST_QUERY = 3500;
const MOVERS = 5;
const SWAPS = 5;
const SETTLE_MS = 1000;
const FEW_CITIES = 1000;
const SLIDE_MS = 220;
const LINES_AT_ONCE = 60;
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

const data = JSON.parse(document.getElementById("what-if-data").textContent);
const form = document.getElementById("what-if-weights");
// A draft that lacks something is shown at its own address, with the weights in the form alone.
const PAGE = new URL(form.getAttribute("action"), window.location.href).pathname;
const results = document.getElementById("results");
const find = (selector) => results.querySelector(selector);

/* What the page shows: the changed groups in whole units, and the cities held in view. `sizes` are
   measured when they change and never while a slider moves: reading them then would make the browser
   lay the page out in the middle of the work. */
const shown = { units: new Map(), pins: [], local: Float64Array.from(data.local), index: null, sizes: { height: 36, top: 0, view: 600 } };

/* --- the notation of an address, as indexer/numeric/scores/weight_state.py writes it --- */

function stateText(units) {
  if (!units.size) return "";
  const groups = [...units.keys()].sort((a, b) => a - b);
  return ["1", ...groups.map((group) => [group, ...units.get(group)].map((n) => n.toString(36)).join("."))].join("~");
}

function readState(text) {
  const units = new Map();
  const [notation, ...groups] = text.split("~");
  if (notation !== "1") return units;
  groups.forEach((part) => {
    const [group, ...numbers] = part.split(".").map((word) => parseInt(word, 36));
    const whole = numbers.reduce((sum, number) => sum + number, 0) === data.whole;
    if (whole && shown.groups[group]?.length === numbers.length) units.set(group, numbers);
  });
  return units;
}

function addressOf() {
  const text = stateText(shown.units);
  const fits = text.length <= LONGEST_QUERY;
  // Nothing in these needs an escape, and the address stays one that people can read out.
  const query = [text && fits ? `w=${text}` : "", shown.pins.length ? `pin=${shown.pins.join(".")}` : ""].filter(Boolean);
  return PAGE + (query.length ? `?${query.join("&")}` : "") + (fits ? "" : `#w=${text}`);
}

function readAddress({ sent = "" } = {}) {
  const query = new URLSearchParams(window.location.search);
  const text = query.get("w") || window.location.hash.replace(/^#w=/, "") || sent;
  shown.units = readState(text);
  shown.pins = (query.get("pin") || "").split(".").map(Number).filter((pk) => data.cities.includes(pk));
}

/* --- weights --- */

/* Shares whole units by largest remainders. */
function apportion(parts, whole) {
  const sum = parts.reduce((total, part) => total + part, 0);
  if (!(sum > 0)) return parts.map(() => 0);
  const exact = parts.map((part) => (part / sum) * whole);
  const units = exact.map(Math.floor);
  const rest = exact.map((part, place) => [place, part - units[place]]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const missing = whole - units.reduce((total, unit) => total + unit, 0);
  for (let i = 0; i < missing; i += 1) units[rest[i][0]] += 1;
  return units;
}

function unitsOf(group) {
  return shown.units.get(group) || apportion(shown.groups[group].map((node) => data.local[node]), data.whole);
}

/* Moves one weight of a group; the group had the units of `before` when the movement began. */
function moveWeight(group, place, wanted, before) {
  const kept = shown.groups[group].map((node) => shown.rows[node].keep.checked);
  const parts = shareRest(before, { moved: place, wanted: Math.round(wanted), kept, whole: data.whole });
  const isFree = parts.map((_, other) => other !== place && !kept[other]);
  const fixed = parts.reduce((sum, part, other) => (isFree[other] ? sum : sum + part), 0);
  const free = apportion(parts.filter((_, other) => isFree[other]), data.whole - fixed);
  let next = 0;
  shown.units.set(group, parts.map((part, other) => (isFree[other] ? free[next++] : part)));
}

function takeWeights() {
  shown.local.set(data.local);
  shown.units.forEach((units, group) => {
    shown.groups[group].forEach((node, place) => { shown.local[node] = units[place] / data.whole; });
  });
}

const percentText = (weight) => String(Number((weight * 100).toFixed(4)));

/* Writes what is another than the fields show; a field that the reader just changed has no known weight. */
function showWeights() {
  shown.rows.forEach((row, node) => {
    const weight = shown.local[node];
    if (row.weight === weight) return;
    row.weight = weight;
    row.slider.value = String(Math.round(weight * data.whole));
    row.number.value = percentText(weight);
  });
  shown.marks.forEach((mark, group) => {
    if (mark.hidden === shown.units.has(group)) mark.hidden = !mark.hidden;
  });
}

/* --- ranks --- */

function shiftParts(places) {
  const { up, down, unchanged } = data.words;
  if (places > 0) return ["shift shift--up", "▲", `${up} `, String(places)];
  if (places < 0) return ["shift shift--down", "▼", `${down} `, String(-places)];
  return ["shift shift--none", "=", unchanged, ""];
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function shiftElement(places) {
  const [className, arrow, word, number] = shiftParts(places);
  const shift = element("span", className);
  const mark = element("span", places ? "shift-arrow" : "", arrow);
  mark.setAttribute("aria-hidden", "true");
  shift.append(mark, element("span", "visually-hidden", word), number);
  return shift;
}

/* A line keeps its mark, and what changes is written into it. */
function showShift(line, places) {
  if (!line.mark) {
    line.mark = shiftElement(places);
    line.shift.replaceChildren(line.mark);
    return;
  }
  const [className, arrow, word, number] = shiftParts(places);
  const [sign, spoken, count] = line.mark.childNodes;
  line.mark.className = className;
  sign.className = places ? "shift-arrow" : "";
  sign.firstChild.nodeValue = arrow;
  spoken.firstChild.nodeValue = word;
  count.nodeValue = number;
}

function moveItem(city) {
  const item = element("li");
  const { ranks } = shown.index;
  const ways = element("span", "num muted", `${data.nominal[city]} → ${ranks[city]}`);
  item.append(element("bdi", "", shown.names[city]), " ", ways, " ", shiftElement(data.nominal[city] - ranks[city]));
  return item;
}

function swapItem([fell, rose]) {
  const item = element("li");
  const arrow = element("span", "", "▲");
  arrow.setAttribute("aria-hidden", "true");
  item.append(
    element("bdi", "", shown.names[rose]), " ", element("span", "num muted", String(shown.index.ranks[rose])), " ", arrow,
    " ", element("bdi", "", shown.names[fell]), " ", element("span", "num muted", String(shown.index.ranks[fell])),
  );
  return item;
}

function fill(list, items) {
  list.replaceChildren(...(items.length ? items : [element("li", "muted", data.words.none)]));
}

/* Pairs whose order is another, counted, and the first of them by their nominal ranks. */
function findSwaps() {
  const { byNominal } = shown;
  const nominal = Int32Array.from(byNominal, (city) => data.nominal[city]);
  const ranks = Int32Array.from(byNominal, (city) => shown.index.ranks[city]);
  const first = [];
  let total = 0;
  for (let i = 0; i < ranks.length; i += 1) {
    const [before, after] = [nominal[i], ranks[i]];
    for (let j = i + 1; j < ranks.length; j += 1) {
      if (ranks[j] < after && nominal[j] > before) {
        total += 1;
        if (first.length < SWAPS) first.push([byNominal[i], byNominal[j]]);
      }
    }
  }
  return { total, first };
}

function findMovers() {
  const { ranks } = shown.index;
  const shift = (city) => data.nominal[city] - ranks[city];
  const moved = shown.byNominal.filter((city) => shift(city));
  const furthest = (sign) => moved
    .filter((city) => Math.sign(shift(city)) === sign)
    .sort((a, b) => sign * (shift(b) - shift(a)) || ranks[a] - ranks[b] || a - b)
    .slice(0, MOVERS);
  return { moved, rises: furthest(1), falls: furthest(-1) };
}

function scoreText(score) {
  const text = fixed(Math.abs(score * data.scale), data.digits);
  return score < 0 && Number(text) ? `−${text}` : text;
}

/* Lines are places: what stands in each is exchanged, which spares the table a new layout. */
function showLine(place, city, longest) {
  const line = shown.lines[place];
  const { ranks, scores } = shown.index;
  const text = scoreText(scores[city]);
  const known = `${city} ${ranks[city]} ${text}`;
  if (line.known === known) return;
  if (line.city !== city) {
    line.city = city;
    line.row.dataset.city = String(city);
    line.name.textContent = shown.names[city];
    line.before.textContent = String(data.nominal[city]);
    markPin(line);
  }
  line.known = known;
  line.rank.textContent = String(ranks[city]);
  showShift(line, data.nominal[city] - ranks[city]);
  line.score.nodeValue = text;
  if (line.bar) line.bar.style.transform = `scaleX(${longest > 0 ? (scores[city] / longest).toFixed(4) : 0})`;
}

function measure() {
  const { region, lines } = shown;
  shown.sizes = { height: lines[0].row.offsetHeight || 36, top: region.scrollTop, view: region.clientHeight };
}

/* Shows the places in sight; a city that came from another place glides from there, one glide at a time. */
function showLines({ animate }) {
  const { order, lines } = shown;
  const { height, top, view } = shown.sizes;
  const longest = shown.index.scores[shown.index.order[0]];
  const first = Math.max(0, Math.floor(top / height) - 2);
  const end = Math.min(lines.length, first + Math.ceil(view / height) + 4);
  const now = performance.now();
  const glides = animate && now - shown.glidedAt > SLIDE_MS;
  for (let place = first; place < end; place += 1) {
    const moved = (shown.places[order[place]] - place) * height;
    showLine(place, order[place], longest);
    if (!glides || !moved) continue;
    shown.glidedAt = now;
    lines[place].row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: SLIDE_MS, easing: "ease-out" });
  }
  order.forEach((city, place) => { shown.places[city] = place; });
}

/* Shows the places out of sight, some at a time, until the weights change again. */
function showTheRest(from = 0) {
  window.clearTimeout(shown.resting);
  const longest = shown.index.scores[shown.index.order[0]];
  const end = Math.min(shown.lines.length, from + LINES_AT_ONCE);
  for (let place = from; place < end; place += 1) showLine(place, shown.order[place], longest);
  if (end < shown.lines.length) shown.resting = window.setTimeout(showTheRest, 0, end);
  else shown.region.dataset.whole = "true";
}

/* Ranks all cities and shows them, the whole work of one movement; false where there is no ranking. */
function update({ animate = true } = {}) {
  window.cancelAnimationFrame(shown.waiting);
  window.clearTimeout(shown.resting);
  shown.waiting = 0;
  delete shown.region.dataset.whole;
  takeWeights();
  showWeights();
  const done = shown.index.rank(shown.local);
  find("[data-impossible]").hidden = shown.index.fault !== "nothing_present";
  find("[data-refused]").hidden = shown.index.fault !== "refused";
  if (!done) return false;
  const { ranks } = shown.index;
  shown.order = shown.byNominal.slice().sort((a, b) => ranks[a] - ranks[b] || data.nominal[a] - data.nominal[b] || a - b);
  showLines({ animate: animate && !STILL.matches });
  const { moved, rises, falls } = findMovers();
  const sum = moved.reduce((total, city) => total + Math.abs(data.nominal[city] - ranks[city]), 0);
  find("[data-mean]").textContent = fixed(sum / ranks.length, 2);
  find("[data-moved]").textContent = String(moved.length);
  fill(find("[data-rises]"), rises.map(moveItem));
  fill(find("[data-falls]"), falls.map(moveItem));
  // Pairs grow with the square of the cities: of many they wait until the movement has ended.
  if (ranks.length <= FEW_CITIES) showSwaps();
  showPins();
  return true;
}

/* Several movements within one frame are shown once. */
function updateSoon() {
  if (!shown.waiting) shown.waiting = window.requestAnimationFrame(() => update());
}

function showSwaps() {
  const { total, first } = findSwaps();
  find("[data-swapped]").textContent = String(total);
  fill(find("[data-swaps]"), first.map(swapItem));
}

function showPins() {
  const held = shown.pins.map((pk) => data.cities.indexOf(pk));
  find("[data-pins]").hidden = !held.length;
  find("[data-pin-list]").replaceChildren(...held.map(moveItem));
}

function markPin({ row, pin, city }) {
  const held = shown.pins.includes(data.cities[city]);
  row.classList.toggle("is-marked", held);
  pin.setAttribute("aria-pressed", String(held));
  pin.setAttribute("aria-label", `${data.words.hold}: ${shown.names[city]}`);
  pin.textContent = held ? "★" : "☆";
}

/* --- when a movement has ended: pairs, address, forms --- */

function settle({ push = true, animate = false } = {}) {
  if (update({ animate })) showTheRest();
  if (shown.byNominal.length > FEW_CITIES) showSwaps();
  find("[data-spoken]").textContent = [...find("[data-bar]").children].map((part) => part.textContent.trim().replace(/\s+/g, " ")).join("; ");
  const address = addressOf();
  if (push && address !== window.location.pathname + window.location.search + window.location.hash) window.history.pushState(null, "", address);
  document.getElementById("what-if-link").textContent = new URL(address, window.location.href).href;
  document.querySelectorAll('main input[name="w"]').forEach((input) => { input.value = stateText(shown.units); });
  document.querySelectorAll("[data-saves] a").forEach((link) => {
    const url = new URL(link.href);
    url.searchParams.set("w", stateText(shown.units));
    link.href = url.href;
  });
  form.elements.pin.value = shown.pins.join(".");
}

/* --- wiring --- */

function listen(node) {
  const row = shown.rows[node];
  const group = shown.groups.findIndex((members) => members.includes(node));
  const place = shown.groups[group].indexOf(node);
  let before = null;
  let timer = 0;
  const end = () => {
    window.clearTimeout(timer);
    before = null;
    settle();
  };
  row.slider.addEventListener("input", () => {
    before = before || unitsOf(group);
    moveWeight(group, place, Number(row.slider.value), before);
    row.weight = null;
    updateSoon();
    // A keyboard moves step by step and says no end.
    window.clearTimeout(timer);
    timer = window.setTimeout(end, SETTLE_MS);
  });
  row.slider.addEventListener("change", end);
  row.number.addEventListener("change", () => {
    const percent = Number(row.number.value);
    if (Number.isFinite(percent) && row.number.value) moveWeight(group, place, (percent / 100) * data.whole, unitsOf(group));
    row.weight = null;
    end();
  });
  row.keep.addEventListener("change", () => row.element.classList.toggle("is-kept", row.keep.checked));
}

function changeGroup(group, units) {
  if (units) shown.units.set(group, units);
  else shown.units.delete(group);
  settle({ animate: true });
}

function listenToButtons() {
  form.addEventListener("submit", (event) => event.preventDefault());
  // Which button sent a form is told by browsers since 2022 alone; that one was clicked, by all.
  form.addEventListener("click", (event) => {
    const { name, value } = event.target.closest("button") || {};
    if (name === "equal") changeGroup(Number(value), apportion(shown.groups[value].map(() => 1), data.whole));
    else if (name === "reset") changeGroup(Number(value), null);
  });
  form.querySelector("[data-reset-all]").addEventListener("click", (event) => {
    event.preventDefault();
    shown.units.clear();
    settle({ animate: true });
  });
  shown.body.addEventListener("click", (event) => {
    const pin = event.target.closest(".what-if-pin");
    if (!pin) return;
    const pk = data.cities[Number(pin.closest("tr").dataset.city)];
    shown.pins = shown.pins.includes(pk) ? shown.pins.filter((other) => other !== pk) : [...shown.pins, pk];
    shown.lines.forEach(markPin);
    settle();
  });
  window.addEventListener("popstate", () => {
    readAddress();
    settle({ push: false });
    shown.lines.forEach(markPin);
  });
}

function readRows() {
  shown.rows = [];
  form.querySelectorAll("[data-node]").forEach((row) => {
    const [slider, number, keep] = ["[data-slider]", "[data-number]", "[data-keep]"].map((name) => row.querySelector(name));
    const node = Number(row.dataset.node);
    shown.rows[node] = { element: row, slider, number, keep };
    const tick = row.querySelector("[data-tick]");
    tick.style.setProperty("--at", String(data.local[node]));
    const alone = shown.groups.some((members) => members.length === 1 && members[0] === node);
    [slider, tick, row.querySelector("[data-keep-choice]")].forEach((part) => { part.hidden = alone; });
    number.readOnly = alone;
  });
  shown.marks = [...form.querySelectorAll("[data-group]")].map((box) => box.querySelector("[data-changed]"));
}

async function begin() {
  const loading = form.querySelector("[data-loading]");
  loading.hidden = false;
  try {
    const answer = await fetch(data.dataUrl);
    if (!answer.ok) throw new Error(`The address of the values answered ${answer.status}.`);
    const terms = new Float64Array(await answer.arrayBuffer());
    const { parents, formed, missing } = data;
    shown.groups = WhatIfIndex.siblingGroups(parents);
    shown.index = new WhatIfIndex({ parents, terms, cities: data.cities.length, formed, missing });
    shown.byNominal = data.cities.map((_, city) => city).sort((a, b) => data.nominal[a] - data.nominal[b] || a - b);
    readLines();
    readRows();
    readAddress({ sent: form.elements.w.value });
    settle({ push: false });
    shown.lines.forEach(markPin);
    shown.rows.forEach((_, node) => listen(node));
    listenToButtons();
    // From here on everything works: until then the form is sent.
    form.querySelector("[data-send]").hidden = true;
    form.dataset.ready = "true";
  } catch (error) {
    form.querySelector("[data-failed]").hidden = false;
    console.error(error);
  }
  loading.hidden = true;
}

begin();
