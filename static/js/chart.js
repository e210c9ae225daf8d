/* Draws every [data-chart] from its Vega-Lite spec, in the colours of the reader's scheme. */
"use strict";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();
const widths = new Map();

async function readSpec(chart) {
  if (!chart.dataset.specUrl) return JSON.parse(document.getElementById(chart.dataset.spec).textContent);
  const answer = await fetch(chart.dataset.specUrl, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The chart's address answered ${answer.status}.`);
  return answer.json();
}

function schemeColours(palette) {
  const style = getComputedStyle(document.documentElement);
  return new Map(Object.entries(palette).map(([name, light]) => [light, style.getPropertyValue(`--${name}`).trim()]));
}

function recolour(part, colours) {
  if (typeof part === "string") return colours.get(part) || part;
  if (Array.isArray(part)) return part.map((item) => recolour(item, colours));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, key === "data" ? value : recolour(value, colours)]));
}

function fitToScreen(spec, width) {
  const { aspect, narrow } = spec.usermeta;
  const fitted = { ...spec, ...(width < 640 ? narrow : {}), width, autosize: { type: "fit-x", contains: "padding" } };
  return width < 640 && aspect ? { ...fitted, height: Math.round(width * aspect) } : fitted;
}

async function draw(chart) {
  const canvas = chart.querySelector("[data-canvas]");
  const drawing = chart.querySelector("[data-drawing]");
  drawing.hidden = drawn.has(chart);
  try {
    const spec = await readSpec(chart);
    const colours = schemeColours(spec.usermeta.palette);
    const result = await window.vegaEmbed(canvas, fitToScreen(recolour(spec, colours), chart.clientWidth), {
      ast: true,
      actions: false,
      renderer: "svg",
      defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
      // Named as a whole by its finding: hundreds of marks have no names of their own, and the table has each.
      config: { aria: false, mark: { aria: false } },
    });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-labelledby", `${chart.id}-title`);
    drawn.get(chart)?.finalize();
    drawn.set(chart, result);
  } catch (error) {
    chart.querySelector("[data-failed]").hidden = false;
    canvas.replaceChildren();
    canvas.removeAttribute("role");
    canvas.removeAttribute("aria-labelledby");
    console.error(error);
  }
  drawing.hidden = true;
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.clientWidth && target.clientWidth !== widths.get(target)) {
      widths.set(target, target.clientWidth);
      draw(target);
    }
  }
});

// The observer reports every chart once at the start, which is its first drawing.
function watch(root) {
  root.querySelectorAll("[data-chart]").forEach((chart) => resized.observe(chart));
}

// Safari has it since version 14; before, a change of the scheme waits for the next visit.
if (dark.addEventListener) dark.addEventListener("change", () => drawn.forEach((_, chart) => draw(chart)));
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) watch(event.detail.elt);
});
watch(document);
