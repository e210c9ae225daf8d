/* The weights of a sibling group: moving one shares the rest among those not kept, in proportion. */
"use strict";

function readRows(form) {
  return [...form.querySelectorAll("tbody tr")].map((row) => ({
    number: row.querySelector("[data-weight]"),
    slider: row.querySelector("[data-slider]"),
    keep: row.querySelector("[data-keep]"),
  }));
}

function shareRest(rows, moved) {
  const others = rows.filter((row) => row !== moved && !row.keep.checked);
  const kept = rows.filter((row) => row !== moved && row.keep.checked);
  const taken = kept.reduce((sum, row) => sum + Number(row.number.value), 0);
  const most = Math.max(0, 100 - taken);
  const wanted = others.length ? Math.min(Math.max(0, Number(moved.number.value)), most) : most;
  const before = others.reduce((sum, row) => sum + Number(row.number.value), 0);
  const rest = most - wanted;
  moved.number.value = String(Number(wanted.toFixed(8)));
  others.forEach((row) => {
    const part = before > 0 ? Number(row.number.value) / before : 1 / others.length;
    row.number.value = String(Number((rest * part).toFixed(8)));
  });
}

function showRows(form, rows) {
  const sum = rows.reduce((total, row) => total + Number(row.number.value), 0);
  rows.forEach((row) => { row.slider.value = row.number.value; });
  form.querySelector("[data-sum] output").textContent = String(Number(sum.toFixed(6)));
}

function prepareGroup(form) {
  const rows = readRows(form);
  rows.forEach((row) => {
    row.slider.hidden = false;
    row.slider.addEventListener("input", () => {
      row.number.value = row.slider.value;
      shareRest(rows, row);
      showRows(form, rows);
    });
    row.number.addEventListener("change", () => {
      shareRest(rows, row);
      showRows(form, rows);
    });
  });
  form.querySelector("[data-sum]").hidden = false;
  showRows(form, rows);
}

document.querySelectorAll("[data-group-weights]").forEach(prepareGroup);
