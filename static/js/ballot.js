/* Saves each answer as it is clicked. Clicks that cannot be sent wait in a queue, which a reload
   survives: in sessionStorage, not localStorage, so that no score stays on a shared device once
   the tab is closed.

   The page is a plain form until this script has shown that it can work, and again if it fails. It is
   written for browsers of 2019, which WeChat and old phones still bring: no `?.`, `??` or `||=`, which
   keep a whole file from being read, and no function that is younger. */

const ballot = document.getElementById("ballot");
const form = document.getElementById("ballot-form");
const words = ballot.dataset;
const stateLine = form.querySelector("[data-state]");
const closedAlert = document.getElementById("ballot-closed");
const signedOutAlert = document.getElementById("ballot-signed-out");
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30000;
const ANSWER_WITHIN_MS = 15000;
const MOST_FAILURES = 3;
// What became of a click: the server has settled it, refuses it alone, failed over it, or takes nothing now.
const [SETTLED, STUCK, FAILED, NOTHING_NOW] = ["settled", "stuck", "failed", "nothing now"];

/* An item's queue holds at most two clicks: `sent` left for the server without an answer yet, and
   is repeated unchanged until there is one; `next` is the newest click after it. `isStuck` says that
   the server takes other answers but not this one, `failures` how often it was tried in vain. */
const items = new Map([...form.querySelectorAll("[data-item]")].map((element) => [element.dataset.item, readItem(element)]));
let running = null;
let retryTimer = 0;
let retryDelay = FIRST_RETRY_MS;
let isClosed = false;
let isPlain = true;

function readItem(element) {
  const seen = element.querySelector(`[name="seen-${element.dataset.item}"]`);
  const [revision, value] = seen.value.split(":");
  return { element, seen, revision: Number(revision), value, sent: null, next: null, isStuck: false, failures: 0 };
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_match, name) => values[name]);
}

function label(value) {
  return value === "abstain" ? words.abstain : value;
}

function clickId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Outside HTTPS and the loopback interface there is no randomUUID.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* --- the queue --- */
function waiting() {
  return [...items.values()].filter((item) => item.sent || item.next);
}

function storeQueue() {
  const rows = [...items].filter(([, item]) => item.sent || item.next).map(([pk, { sent, next }]) => [pk, sent, next]);
  try {
    if (rows.length) sessionStorage.setItem(words.queue, JSON.stringify(rows));
    else sessionStorage.removeItem(words.queue);
  } catch { /* A browser without storage still has the queue of this page. */ }
}

function restoreQueue() {
  let rows = [];
  try {
    rows = JSON.parse(sessionStorage.getItem(words.queue) || "[]");
  } catch { /* as above */ }
  for (const [pk, sent, next] of rows) {
    const item = items.get(pk);
    if (!item) continue;
    Object.assign(item, { sent, next });
    choose(item, (next || sent).value);
    showItem(item, words.unsaved, "is-late");
  }
}

/* What was chosen before this script had arrived is saved like any later click. */
function saveEarlierClicks() {
  for (const item of items.values()) {
    const chosen = item.element.querySelector("input[type=radio]:checked");
    if (chosen && chosen.value !== item.value && !item.sent && !item.next) enqueue(item, chosen.value);
  }
}

function enqueue(item, value) {
  Object.assign(item, { next: { value, client: clickId(), seen: item.revision }, isStuck: false, failures: 0 });
  showItem(item, words.saving, "");
  storeQueue();
  flush();
}

/* Sends what waits, one click after another; resolves when nothing more can be sent now. */
function flush() {
  if (isClosed || isPlain) return Promise.resolve();
  clearTimeout(retryTimer);
  if (!running) {
    running = sendAll().catch(bePlain).then(() => {
      running = null;
      showWhole();
    });
  }
  showWhole();
  return running;
}

/* One round over what waits, the least troubled first, so that no answer holds up the others. */
async function sendAll() {
  const tried = new Set();
  const untried = () => waiting().filter((item) => !tried.has(item)).sort((a, b) => a.failures - b.failures)[0];
  let failures = 0;
  for (let item = untried(); item && !isClosed && failures < MOST_FAILURES; item = untried()) {
    const outcome = await send(takeNext(item));
    if (outcome !== SETTLED) {
      tried.add(item);
      item.failures += 1;
    }
    failures = outcome === FAILED ? failures + 1 : 0;
    storeQueue();
    showWhole();
    if (outcome === NOTHING_NOW) break;
  }
  if (waiting().length) retryLater();
  else retryDelay = FIRST_RETRY_MS;
}

function takeNext(item) {
  if (!item.sent) {
    Object.assign(item, { sent: item.next, next: null });
    storeQueue();
  }
  return item;
}

/* There is reason to hope: whatever is under way may still fail of the old trouble, so try once more after it. */
function flushAgain() {
  retryDelay = FIRST_RETRY_MS;
  return running ? running.then(flush) : flush();
}

function retryLater() {
  waiting().forEach(showWaiting);
  if (waiting().every((item) => item.isStuck)) retryDelay = LONGEST_RETRY_MS;
  retryTimer = setTimeout(flush, retryDelay);
  retryDelay = Math.min(2 * retryDelay, LONGEST_RETRY_MS);
}

/* Asks the server, which has so long to answer. AbortSignal.timeout would do, but is of 2022. It throws
   at once where the browser lacks something; what it returns fails where the network does. */
function ask(url, options) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ANSWER_WITHIN_MS);
  const end = () => clearTimeout(timer);
  const answer = fetch(url, { redirect: "manual", signal: limit.signal, ...options });
  answer.then(end, end);
  return answer;
}

function post(url, fields) {
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  return ask(url, { method: "POST", headers, body: new URLSearchParams(fields), keepalive: true });
}

async function send(item) {
  if (!item.isStuck) showItem(item, words.saving, "");
  const asked = post(item.element.dataset.url, item.sent);
  let response;
  try {
    response = await asked;
  } catch {
    return NOTHING_NOW;
  }
  if (response.status === 429) return NOTHING_NOW;
  if (response.status >= 500) return FAILED;
  const answer = await response.json().catch(() => ({}));
  const settle = { saved: acceptSaved, stale: askWhich, closed: acceptClosed, refused: takeBack }[answer.state];
  if (!settle) return setAside(item);
  showAlert(signedOutAlert, false);
  Object.assign(item, { isStuck: false, failures: 0 });
  settle(item, answer);
  return SETTLED;
}

/* An answer that is not about the click: a redirect to the sign-in page, a refusal of somebody else who
   is signed in now, or an address that leads nowhere. Whether the expert is still in tells which. */
async function setAside(item) {
  const isIn = await ask(words.terms).then((response) => response.ok, () => false);
  showAlert(signedOutAlert, !isIn);
  if (!isIn) return NOTHING_NOW;
  Object.assign(item, { next: item.next || item.sent, sent: null, isStuck: true });
  showWaiting(item);
  return STUCK;
}

function acceptSaved(item, answer) {
  know(item, answer.revision, item.sent.value);
  item.sent = null;
  if (item.next) item.next.seen = answer.revision;
  showItem(item, item.next ? words.saving : words.saved, item.next ? "" : "is-saved");
  showProgress();
  showChangedSinceSeal();
}

/* What the server has; the plain form sends it along, should it be needed again. */
function know(item, revision, value) {
  Object.assign(item, { revision, value });
  item.seen.value = `${revision}:${value}`;
}

function takeBack(item, answer) {
  Object.assign(item, { sent: null, next: null });
  choose(item, item.value);
  showItem(item, answer.message, "is-late is-told");
}

function acceptClosed() {
  isClosed = true;
  stateLine.textContent = words.lost;
  stateLine.classList.add("is-late");
  for (const item of waiting()) {
    Object.assign(item, { sent: null, next: null });
    showItem(item, words.lost, "is-late");
  }
  form.querySelectorAll("input[type=radio]").forEach((radio) => { radio.disabled = true; });
  showAlert(closedAlert, true);
}

/* --- two pages changed one answer: the expert chooses --- */
function askWhich(item, answer) {
  const mine = (item.next || item.sent).value;
  know(item, answer.revision, answer.value);
  Object.assign(item, { sent: null, next: null });
  showItem(item, words.unsaved, "is-late");
  if (mine === answer.value) return endConflict(item, answer.value);
  const block = document.getElementById("conflict-template").content.firstElementChild.cloneNode(true);
  const values = { theirs: label(answer.value), mine: label(mine) };
  block.querySelector("[data-conflict-text]").textContent = fill(words.stale, values);
  offer(block.querySelector("[data-theirs]"), fill(words.keep, values), () => endConflict(item, answer.value));
  offer(block.querySelector("[data-mine]"), fill(words.use, values), () => {
    endConflict(item, mine);
    enqueue(item, mine);
  });
  dropChoice(item);
  item.element.append(block);
}

function offer(button, text, act) {
  button.textContent = text;
  button.addEventListener("click", act);
}

function dropChoice(item) {
  const block = item.element.querySelector(".item-conflict");
  if (block) block.remove();
}

function endConflict(item, value) {
  dropChoice(item);
  choose(item, value);
  showItem(item, words.saved, "is-saved");
  showProgress();
  showWhole();
  radioOf(item).focus({ preventScroll: true });
}

/* --- what is shown --- */
function choose(item, value) {
  item.element.querySelectorAll("input[type=radio]").forEach((radio) => { radio.checked = radio.value === value; });
}

function showItem(item, text, kind) {
  const line = item.element.querySelector("[data-item-state]");
  line.textContent = text;
  line.className = `item-state ${kind}`.trim();
}

function showWaiting(item) {
  if (item.isStuck) showItem(item, words.stuck, "is-late is-told");
  else showItem(item, words.unsaved, "is-late");
}

function showWhole() {
  if (isClosed || isPlain) return;
  const count = waiting().length;
  const isLate = count > 0 && (!running || retryDelay > FIRST_RETRY_MS);
  const needsChoice = !count && Boolean(form.querySelector(".item-conflict"));
  const text = wholeText(count, isLate, needsChoice);
  stateLine.classList.toggle("is-late", isLate || needsChoice);
  // The same words again would be read out again.
  if (stateLine.textContent !== text) stateLine.textContent = text;
}

function wholeText(count, isLate, needsChoice) {
  if (needsChoice) return words.choose;
  if (count && waiting().every((item) => item.isStuck)) return fill(words.stuckCount, { n: count });
  if (isLate) return fill(words.unsavedCount, { n: count });
  if (count) return words.saving;
  return [...items.values()].some((item) => item.revision > 0) ? words.allSaved : words.ready;
}

function showProgress() {
  const all = [...items.values()];
  const done = all.filter((item) => item.revision > 0).length;
  form.querySelector("[data-progress]").value = done;
  form.querySelector("[data-whole-count]").textContent = fill(words.count, { done, all: all.length });
  form.querySelectorAll("[data-section]").forEach((section, place) => showSectionProgress(section, place));
  const gapLink = form.querySelector("[data-next-gap]");
  if (gapLink) gapLink.hidden = done === all.length;
}

function showSectionProgress(section, place) {
  const own = [...section.querySelectorAll("[data-item]")].map((element) => items.get(element.dataset.item));
  const done = own.filter((item) => item.revision > 0).length;
  const count = ballot.querySelectorAll("[data-section-count]")[place];
  count.textContent = `${done}/${own.length}`;
  count.parentElement.classList.toggle("is-complete", done === own.length);
}

function showChangedSinceSeal() {
  const unchanged = document.getElementById("sealed-unchanged");
  if (!unchanged || unchanged.hidden) return;
  unchanged.hidden = true;
  document.getElementById("sealed-changed").hidden = false;
}

function showAlert(element, isShown) {
  if (element.hidden !== isShown) return;
  element.hidden = !isShown;
  if (isShown) element.focus();
}

/* --- moving about --- */
function radioOf(item) {
  return item.element.querySelector("input[type=radio]:checked") || item.element.querySelector("input[type=radio]");
}

function moveTo(item) {
  item.element.scrollIntoView({ block: "center" });
  radioOf(item).focus({ preventScroll: true });
}

function nextGap(after) {
  const gaps = [...items.values()].filter((item) => item.revision === 0 && !item.sent && !item.next);
  const isBehind = (item) => after && !(after.compareDocumentPosition(item.element) & Node.DOCUMENT_POSITION_FOLLOWING);
  return gaps.find((item) => !isBehind(item)) || gaps[0];
}

function pressKey(event) {
  const element = event.target.closest("[data-item]");
  if (!element || event.target.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    event.preventDefault();
    const order = [...items.values()];
    const following = order[order.indexOf(items.get(element.dataset.item)) + 1];
    if (following) moveTo(following);
    else form.querySelector("[data-live] [data-review]").focus();
  } else if (/^[0-9]$/.test(event.key)) {
    const radio = element.querySelector(`input[type="radio"][value="${event.key}"]`);
    if (!radio) return;
    radio.focus({ preventScroll: true });
    radio.click();
  }
}

/* Sends all that can be sent now, comments too. */
function sendEverything() {
  const comments = [];
  form.dispatchEvent(new CustomEvent("ballot:leave", { detail: comments }));
  return Promise.all([flush(), ...comments]);
}

async function leaveForReview(event) {
  if (isPlain) return;
  event.preventDefault();
  await sendEverything();
  const conflict = form.querySelector(".item-conflict");
  if (conflict) conflict.scrollIntoView({ block: "center" });
  else if (!isUnsent()) location.assign(form.querySelector("[data-review]").href);
}

function landOnFirstGap() {
  const hash = location.hash.match(/^#score-(\d+)$/);
  const done = [...items.values()].filter((item) => item.revision > 0).length;
  const target = hash ? items.get(hash[1]) : !location.hash && done ? nextGap(null) : null;
  if (target) moveTo(target);
}

/* What a later moment may still send: leaving would lose it. */
function isUnsent() {
  return !isPlain && waiting().some((item) => !item.isStuck);
}

function goToGap(event) {
  event.preventDefault();
  const gap = nextGap(document.activeElement && document.activeElement.closest("[data-item]"));
  if (gap) moveTo(gap);
}

/* --- from the plain form to this, and back --- */
function showAs(plain) {
  isPlain = plain;
  form.classList.toggle("is-live", !plain);
  form.querySelectorAll("[data-plain]").forEach((element) => { element.hidden = !plain; });
  form.querySelectorAll("[data-live]").forEach((element) => { element.hidden = plain; });
}

/* Something here cannot work after all: whatever is chosen and not saved goes with the plain form. */
function bePlain(error) {
  console.error(error);
  showAs(true);
  stateLine.textContent = "";
  items.forEach((item) => {
    if (item.sent || item.next) showItem(item, words.unsaved, "is-late");
    Object.assign(item, { sent: null, next: null });
  });
  storeQueue();
}

function checkBrowser() {
  const needed = [window.fetch, window.AbortController, window.URLSearchParams, window.CustomEvent, window.Promise];
  if (!needed.every(Boolean)) throw new Error("This browser lacks what saving needs: the form is sent as a whole.");
  clickId();
}

/* Comments are saved by a script of their own; both work, or neither. */
function beginComments() {
  const begin = new CustomEvent("ballot:begin", { detail: { post, isBegun: false } });
  form.dispatchEvent(begin);
  if (!begin.detail.isBegun) throw new Error("The script of the comments did not come.");
}

function listen() {
  form.addEventListener("change", (event) => {
    if (event.target.type !== "radio" || isPlain) return;
    enqueue(items.get(event.target.closest("[data-item]").dataset.item), event.target.value);
  });
  form.addEventListener("keydown", pressKey);
  form.addEventListener("submit", leaveForReview);
  form.querySelectorAll("[data-review]").forEach((link) => link.addEventListener("click", leaveForReview));
  form.querySelectorAll("[data-next-gap]").forEach((link) => link.addEventListener("click", goToGap));
  form.querySelector("[data-retry]").addEventListener("click", flushAgain);
  document.addEventListener("quanheng:leave", (event) => { if (!isPlain) event.detail.push(sendEverything()); });
  window.addEventListener("online", flushAgain);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting().length) flushAgain(); });
  window.addEventListener("beforeunload", (event) => { if (isUnsent()) event.preventDefault(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

function begin() {
  checkBrowser();
  ballot.querySelector("[data-index]").open = matchMedia("(min-width: 64rem)").matches;
  beginComments();
  listen();
  showAs(false);
  restoreQueue();
  saveEarlierClicks();
  showWhole();
  if (waiting().length) flush();
  landOnFirstGap();
}

try {
  begin();
} catch (error) {
  bePlain(error);
}
