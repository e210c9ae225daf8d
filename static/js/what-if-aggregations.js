/* The ways to form a score, as the table of indexer/numeric/method/aggregations.py: what a mean takes of its
   parts, and what it makes of their weighted sum; or what is made of the parts together. The steps stand
   in the server's order, so that those of sums, products, quotients and square roots have its bits. */
"use strict";

const same = (value) => value;
const reciprocal = (value) => 1 / value;

/* NumPy has quicker ways for these powers, and they round otherwise than a power does. */
const POWERS = new Map([[-1, reciprocal], [0.5, Math.sqrt], [1, same], [2, (value) => value * value]]);

function powerOf(power) {
  return POWERS.get(power) || ((value) => value ** power);
}

function powerMean(power) {
  return { terms: powerOf(power), finish: powerOf(1 / power), refuses: power < 0 ? "not_positive" : "below_zero" };
}

/* The smallest part of any weight; each function below writes the scores of all cities into `made`. */
function smallest({ values, weights }, made) {
  made.fill(Infinity);
  values.forEach((value, child) => {
    for (let city = 0; city < made.length; city += 1) {
      if (weights[child][city] > 0 && value[city] < made[city]) made[city] = value[city];
    }
  });
}

/* Mean and variance of the parts on the scale from 70 to 130, where one that was formed so is already. */
function mazziottaPareto(sign, { values, weights, formed }, made) {
  const scaled = values.map((value, child) => {
    const isScaled = formed[child].startsWith("mpi");
    return value.map((part, city) => (weights[child][city] > 0 ? (isScaled ? part : 0.7 + 0.6 * part) : 0));
  });
  for (let city = 0; city < made.length; city += 1) {
    let mean = 0;
    let variance = 0;
    scaled.forEach((part, child) => { mean += weights[child][city] * part[city]; });
    scaled.forEach((part, child) => {
      const away = part[city] - mean;
      variance += weights[child][city] * (away * away);
    });
    made[city] = mean + (sign * variance) / mean;
  }
}

/* Wins less defeats against the other cities: the greater weight of the parts in which one is better. */
function copeland({ values, local }, made) {
  made.fill(0);
  for (let one = 0; one < made.length; one += 1) {
    for (let other = one + 1; other < made.length; other += 1) {
      let lead = 0;
      for (let child = 0; child < values.length; child += 1) {
        const value = values[child];
        if (value[one] > value[other]) lead += local[child];
        else if (value[one] < value[other]) lead -= local[child];
      }
      if (Math.abs(lead) <= 1e-12) continue;
      made[one] += Math.sign(lead);
      made[other] -= Math.sign(lead);
    }
  }
  for (let city = 0; city < made.length; city += 1) made[city] /= Math.max(1, made.length - 1);
}

const AGGREGATIONS = {
  arithmetic: { terms: same, finish: same },
  geometric: { terms: Math.log, finish: Math.exp, refuses: "not_positive" },
  harmonic: { terms: reciprocal, finish: reciprocal, refuses: "not_positive" },
  minimum: { combine: smallest },
  mpi: { combine: mazziottaPareto.bind(null, -1) },
  mpi_high: { combine: mazziottaPareto.bind(null, 1) },
  copeland: { combine: copeland },
};

/* A code of the table, or "power:" and the power. */
function aggregationOf(code) {
  const entry = code.startsWith("power:") ? powerMean(Number(code.slice("power:".length))) : AGGREGATIONS[code];
  if (!entry) throw new Error(`This script knows no aggregation ${code}.`);
  return entry;
}
