/* Weights of one sibling group: moving one shares the rest among those not kept, in proportion. */
"use strict";

/* Returns the weights with the one at `moved` as near to `wanted` as the kept ones leave room. */
function shareRest(weights, { moved, wanted, kept, whole }) {
  const isFree = (place) => place !== moved && !kept[place];
  const sum = (test) => weights.reduce((total, weight, place) => (test(place) ? total + weight : total), 0);
  const free = weights.filter((_, place) => isFree(place)).length;
  const most = Math.max(0, whole - sum((place) => place !== moved && kept[place]));
  const got = free ? Math.min(Math.max(0, wanted), most) : most;
  const before = sum(isFree);
  return weights.map((weight, place) => {
    if (place === moved) return got;
    if (!isFree(place)) return weight;
    return (most - got) * (before > 0 ? weight / before : 1 / free);
  });
}
