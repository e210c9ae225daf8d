/* Rows of two lists: added and removed in place, where without a script the form is sent for more. */
"use strict";

function emptied(row) {
  row.querySelectorAll("select").forEach((select) => { select.value = ""; });
  return row;
}

function prepareRows(place) {
  const list = place.querySelector("ol");
  const more = place.querySelector("[name$='-more']");
  place.querySelectorAll("[data-remove]").forEach((button) => { button.hidden = false; });
  more.addEventListener("click", (event) => {
    event.preventDefault();
    const row = emptied(list.lastElementChild.cloneNode(true));
    list.append(row);
    row.querySelector("select").focus();
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("li");
    if (!row) return;
    const next = row.nextElementSibling || row.previousElementSibling;
    if (next) row.remove();
    else emptied(row);
    (next || row).querySelector("select").focus();
  });
}

document.querySelectorAll("[data-pair-rows]").forEach(prepareRows);
