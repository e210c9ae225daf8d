/* The lines of the what-if page, read from the table that the server sent; what-if.js writes into them. */
"use strict";

/* The whole width, from now on scaled. */
function readBar(cell) {
  cell.querySelector("rect")?.setAttribute("width", "100%");
  return cell.querySelector(".bar");
}

/* The page came with its first lines: those that follow are made like them, and filled with the ranks. */
function addLines() {
  const { rows } = shown.body;
  const like = rows[rows.length - 1];
  const made = document.createDocumentFragment();
  for (let place = rows.length; place < data.lines; place += 1) {
    const row = like.cloneNode(true);
    row.dataset.city = "-1";
    made.append(row);
  }
  shown.body.append(made);
  const more = find("[data-more]");
  if (more) more.hidden = true;
}

function readLines() {
  shown.body = find("tbody");
  addLines();
  shown.region = find("[data-region]");
  shown.names = [...data.names];
  shown.places = [];
  shown.lines = [...shown.body.rows].map((row, place) => {
    const [rank, name, shift, before, score, pinCell] = row.cells;
    const city = Number(row.dataset.city);
    const number = score.querySelector(".cell-bar > .num") || score;
    const pin = element("button", "what-if-pin");
    pin.type = "button";
    pinCell.append(pin);
    pinCell.hidden = false;
    if (city >= 0) {
      shown.names[city] = name.textContent;
      shown.places[city] = place;
    }
    return { row, city, rank, name, shift, before, pin, score: number.firstChild, bar: readBar(score) };
  });
  find("[data-pin-head]").hidden = false;
  shown.glidedAt = 0;
  measure();
  new ResizeObserver(measure).observe(shown.region);
  shown.region.addEventListener("scroll", () => {
    measure();
    if (shown.order) showLines({ animate: false });
  }, { passive: true });
}
