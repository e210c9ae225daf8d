/* The form of one sibling group in percent; sibling-weights.js shares the rest. */
"use strict";

function readRows(form) {
  return [...form.querySelectorAll("tbody tr")].map((row) => ({
    number: row.querySelector("[data-weight]"),
    slider: row.querySelector("[data-slider]"),
    keep: row.querySelector("[data-keep]"),
  }));
}

function moveTo(rows, moved) {
  const weights = shareRest(rows.map((row) => Number(row.number.value)), {
    moved: rows.indexOf(moved),
    wanted: Number(moved.number.value),
    kept: rows.map((row) => row.keep.checked),
    whole: 100,
  });
  rows.forEach((row, place) => { row.number.value = String(Number(weights[place].toFixed(8))); });
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
      moveTo(rows, row);
      showRows(form, rows);
    });
    row.number.addEventListener("change", () => {
      moveTo(rows, row);
      showRows(form, rows);
    });
  });
  form.querySelector("[data-sum]").hidden = false;
  showRows(form, rows);
}

document.querySelectorAll("[data-group-weights]").forEach(prepareGroup);
