/* An index as a function of its weights, as the server computes it: indexer/numeric/scores/composite.py and
   ranking.py, and what-if-nodes.js where its nodes are not all formed by one mean. Sums run over the
   leaves in their order, one product and one addition at a time, so that scores have the server's bits;
   where values are missing, or a mean takes logarithms, they may differ in the last one, which the rule
   for ties absorbs. */
"use strict";

const TIE_TOLERANCE = 1e-12;

class WhatIfIndex {
  /* parents: (nodes), -1 for the root; terms: (leaves x cities), NaN where missing; formed: the codes of
     the nodes, that of the whole, and the floor. */
  constructor({ parents, terms, cities, formed, missing }) {
    this.parents = parents;
    this.terms = terms;
    this.cities = cities;
    this.missing = missing;
    const inner = new Set(parents);
    this.leaves = parents.map((_, node) => node).filter((node) => !inner.has(node));
    this.depth = parents.map((_, node) => {
      let depth = 1;
      for (let above = parents[node]; above >= 0; above = parents[above]) depth += 1;
      return depth;
    });
    this.downwards = parents.map((_, node) => node).sort((a, b) => this.depth[a] - this.depth[b] || a - b);
    this.groups = WhatIfIndex.siblingGroups(parents);
    this.upwards = [...this.groups].sort((a, b) => this.depth[b[0]] - this.depth[a[0]]);
    const entry = aggregationOf(formed.whole);
    const isUniform = !entry.combine && formed.codes.every((code) => !code || code === formed.whole);
    this.finish = entry.finish;
    this.nodes = isUniform ? null : new WhatIfNodes({ ...formed, parents, terms, cities, missing, groups: this.groups, depth: this.depth });
    // Why the last weights gave no ranks; "" where they gave some.
    this.fault = "";
    // Sums up to each leaf: after a change, those before the first changed leaf still hold.
    this.sums = isUniform && !missing ? new Float64Array(terms.length) : null;
    this.weights = null;
    this.scores = new Float64Array(cities);
    this.order = Uint32Array.from({ length: cities }, (_, city) => city);
    this.ranks = new Int32Array(cities);
  }

  /* The root group, then by the parent's position, as weighting/numeric/tree.py orders them. */
  static siblingGroups(parents) {
    const members = new Map();
    parents.forEach((parent, node) => members.set(parent, [...(members.get(parent) || []), node]));
    return [...members.keys()].sort((a, b) => a - b).map((parent) => members.get(parent));
  }

  globalWeights(local) {
    const weights = Float64Array.from(local);
    for (const node of this.downwards) {
      if (this.parents[node] >= 0) weights[node] *= weights[this.parents[node]];
    }
    return weights;
  }

  /* Ranks all cities; returns false, and leaves the ranks alone, where there are none: a city has nothing
     of any weight, or a mean takes no such scores ("refused"). */
  rank(local) {
    const weights = this.globalWeights(local);
    this.fault = this.nodes ? this.nodes.score(weights, this.scores) : this.mean(local, weights);
    if (!this.fault) this.rankScores();
    return !this.fault;
  }

  /* The mean of all leaves. */
  mean(local, weights) {
    if (this.missing ? !this.sumReweighted(local, weights) : !this.sumInOrder(weights)) return "nothing_present";
    for (let city = 0; city < this.cities; city += 1) this.scores[city] = this.finish(this.scores[city]);
    return "";
  }

  sumInOrder(weights) {
    const { sums, terms, cities, leaves } = this;
    const first = this.weights ? leaves.findIndex((node) => weights[node] !== this.weights[node]) : 0;
    for (let leaf = first < 0 ? leaves.length : first; leaf < leaves.length; leaf += 1) {
      const weight = weights[leaves[leaf]];
      const at = leaf * cities;
      if (leaf === 0) for (let city = 0; city < cities; city += 1) sums[city] = terms[city] * weight;
      else for (let city = at; city < at + cities; city += 1) sums[city] = sums[city - cities] + terms[city] * weight;
    }
    this.weights = weights;
    this.scores.set(sums.subarray(sums.length - cities));
    return true;
  }

  /* What a city has is rescaled in each sibling group, from the bottom up. */
  sumReweighted(local, weights) {
    const { parents, terms, cities, leaves, groups, upwards, downwards } = this;
    const support = new Uint8Array(parents.length * cities);
    const scale = new Float64Array(parents.length * cities).fill(1);
    leaves.forEach((node, leaf) => {
      for (let city = 0; city < cities; city += 1) support[node * cities + city] = Number.isNaN(terms[leaf * cities + city]) ? 0 : 1;
    });
    const masses = new Map(groups.map((group) => [parents[group[0]], new Float64Array(cities)]));
    for (const group of upwards) {
      const parent = parents[group[0]];
      const mass = masses.get(parent);
      for (let city = 0; city < cities; city += 1) {
        let present = 0;
        for (const node of group) {
          mass[city] += local[node] * support[node * cities + city];
          present += support[node * cities + city];
        }
        if (parent < 0 && !(mass[city] > 0)) return false;
        if (parent >= 0) support[parent * cities + city] = mass[city] > 0 ? 1 : 0;
        if (present === group.length || mass[city] === 0) mass[city] = 1;
      }
    }
    for (const node of downwards) {
      const parent = parents[node];
      const mass = masses.get(parent);
      for (let city = 0; city < cities; city += 1) {
        const above = parent >= 0 ? scale[parent * cities + city] : 1;
        scale[node * cities + city] = support[node * cities + city] ? above / mass[city] : 0;
      }
    }
    this.scores.fill(0);
    leaves.forEach((node, leaf) => {
      for (let city = 0; city < cities; city += 1) {
        const term = terms[leaf * cities + city];
        if (!Number.isNaN(term)) this.scores[city] += term * (weights[node] * scale[node * cities + city]);
      }
    });
    return true;
  }

  /* Neighbours closer than the tolerance tie, ties chain, and share the smallest rank. */
  rankScores() {
    const { scores, order, ranks, cities } = this;
    order.sort((a, b) => scores[b] - scores[a] || a - b);
    let rank = 1;
    for (let place = 0; place < cities; place += 1) {
      const below = scores[order[place]];
      const above = place ? scores[order[place - 1]] : Infinity;
      const gap = TIE_TOLERANCE * Math.max(Math.abs(above), Math.abs(below));
      if (place === 0 || above - below > gap) rank = place + 1;
      ranks[order[place]] = rank;
    }
  }
}
