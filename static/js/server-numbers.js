/* Numbers as the server writes them. */
"use strict";

// As many digits as a browser writes, more than any number has that lies halfway between two shorter ones.
const MOST_DIGITS = 100;

/* Whether a number lies exactly between two of so many digits: of those the server writes the even one. */
function isHalfway(number, digits) {
  const text = number.toFixed(digits + 1);
  return text.endsWith("5") && number.toFixed(MOST_DIGITS) === text + "0".repeat(MOST_DIGITS - digits - 1);
}

function fixed(number, digits) {
  if (!isHalfway(number, digits)) return number.toFixed(digits);
  const below = number.toFixed(digits + 1).slice(0, -1).replace(/\.$/, "");
  return "02468".includes(below.at(-1)) ? below : number.toFixed(digits);
}
