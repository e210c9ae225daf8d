/* The scores of a tree whose nodes are not all formed by one mean, as indexer/numeric/scores/node_scores.py forms
   them: node by node from the bottom up, children in their order, of the weights of those that a city has. */
"use strict";

class WhatIfNodes {
  /* codes: (nodes), "" for a leaf; floor: null, or what stands in for smaller values where a mean needs
     them above zero; parents, terms, cities, missing as for WhatIfIndex. */
  constructor({ parents, terms, cities, codes, whole, floor, missing, groups, depth }) {
    this.parents = parents;
    this.cities = cities;
    this.floor = floor;
    this.missing = missing;
    this.codes = codes;
    this.upwards = parents.map((_, node) => node).sort((a, b) => depth[b] - depth[a] || a - b);
    this.groups = [...groups].sort((a, b) => depth[b[0]] - depth[a[0]]);
    this.entries = new Map(groups.map(([first]) => [parents[first], aggregationOf(parents[first] < 0 ? whole : codes[parents[first]])]));
    // The only node of the root group is the index itself, whatever that is formed by.
    const [root] = groups;
    this.top = root.length === 1 && codes[root[0]] ? root[0] : -1;
    let leaf = 0;
    this.values = codes.map((code) => {
      if (code) return new Float64Array(cities);
      leaf += 1;
      return terms.subarray((leaf - 1) * cities, leaf * cities);
    });
    this.made = new Float64Array(cities);
    this.room = new Float64Array(cities);
    this.mass = new Float64Array(cities);
  }

  /* Writes the scores of all cities; returns "", or why there are none. */
  score(weights, scores) {
    const local = this.localWeights(weights);
    for (const group of this.groups) {
      const node = this.parents[group[0]];
      if (node < 0 && this.top >= 0) break;
      const fault = this.form(node, group, local);
      if (fault) return fault;
    }
    scores.set(this.top < 0 ? this.made : this.values[this.top]);
    return scores.some(Number.isNaN) ? "nothing_present" : "";
  }

  /* Local weights, found again from the global ones of the leaves. */
  localWeights(weights) {
    const totals = weights.map((weight, node) => (this.codes[node] ? 0 : weight));
    for (const node of this.upwards) {
      if (this.parents[node] >= 0) totals[this.parents[node]] += totals[node];
    }
    const local = new Float64Array(totals.length);
    for (const group of this.groups) {
      const whole = group.reduce((sum, node) => sum + totals[node], 0);
      for (const node of group) local[node] = whole > 0 ? totals[node] / whole : 1 / group.length;
    }
    return local;
  }

  form(node, group, local) {
    const entry = this.entries.get(node);
    const made = node < 0 ? this.made : this.values[node];
    if (entry.combine) {
      this.combine(entry, group, local, made);
      return "";
    }
    made.fill(0);
    this.mass.fill(0);
    this.room.fill(1);
    for (const child of group) {
      const terms = this.codes[child] ? this.termsOf(child, entry) : this.values[child];
      if (!terms) return "refused";
      this.add(terms, local[child], made);
    }
    this.finish(entry, made);
    return "";
  }

  /* What the weight of an inner node is applied to; null where the mean above takes no such scores.
     Terms of the leaves come from the server. */
  termsOf(child, { terms, refuses }) {
    const { floor } = this;
    const isRaised = floor !== null && refuses === "not_positive";
    const values = isRaised ? this.values[child].map((value) => Math.max(value, floor)) : this.values[child];
    if (refuses && values.some((value) => (refuses === "not_positive" ? value <= 0 : value < 0))) return null;
    return values.map(terms);
  }

  /* Adds a child, and what is there of it; room holds 1 where a city has had all children until now. */
  add(terms, weight, made) {
    const { cities, mass, room, missing } = this;
    if (!missing) {
      for (let city = 0; city < cities; city += 1) made[city] += weight * terms[city];
      return;
    }
    for (let city = 0; city < cities; city += 1) {
      if (Number.isNaN(terms[city])) room[city] = 0;
      else {
        made[city] += weight * terms[city];
        mass[city] += weight;
      }
    }
  }

  finish({ finish }, made) {
    for (let city = 0; city < made.length; city += 1) {
      // Exactly 1 where all children are there.
      const mass = !this.missing || this.room[city] ? 1 : this.mass[city];
      made[city] = mass > 0 ? finish(made[city] / mass) : NaN;
    }
  }

  combine({ combine }, group, local, made) {
    const values = group.map((child) => this.values[child]);
    const weights = this.weightsOfWhatIsThere(values, group.map((child) => local[child]));
    combine({ values, weights, local: group.map((child) => local[child]), formed: group.map((child) => this.codes[child]) }, made);
    for (let city = 0; city < made.length; city += 1) if (!(this.mass[city] > 0)) made[city] = NaN;
  }

  weightsOfWhatIsThere(values, local) {
    const { cities, mass, room } = this;
    mass.fill(0);
    room.fill(1);
    const weights = values.map((value, child) => value.map((part, city) => {
      if (!Number.isNaN(part)) {
        mass[city] += local[child];
        return local[child];
      }
      room[city] = 0;
      return 0;
    }));
    for (let city = 0; city < cities; city += 1) {
      if (room[city]) mass[city] = 1;
      weights.forEach((weight) => { weight[city] /= mass[city]; });
    }
    return weights;
  }
}
