/* Saves each answer as it is clicked. Clicks that cannot be sent wait in a queue, which a reload
   survives: in sessionStorage, not localStorage, so that no score stays on a shared device once
   the tab is closed. */

const ballot = document.getElementById("ballot");
const form = document.getElementById("ballot-form");
const words = ballot.dataset;
const stateLine = form.querySelector("[data-state]");
const closedAlert = document.getElementById("ballot-closed");
const signedOutAlert = document.getElementById("ballot-signed-out");
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30000;
const ANSWER_WITHIN_MS = 15000;

/* An item's queue holds at most two clicks: `sent` left for the server without an answer yet, and
   is repeated unchanged until there is one; `next` is the newest click after it. */
const items = new Map([...form.querySelectorAll("[data-item]")].map((element) => [element.dataset.item, readItem(element)]));
let running = null;
let retryTimer = 0;
let retryDelay = FIRST_RETRY_MS;
let isClosed = false;

function readItem(element) {
  const [revision, value] = element.querySelector(`[name="seen-${element.dataset.item}"]`).value.split(":");
  return { element, revision: Number(revision), value, sent: null, next: null };
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
  item.next = { value, client: clickId(), seen: item.revision };
  showItem(item, words.saving, "");
  storeQueue();
  flush();
}

/* Sends what waits, one click after another; resolves when nothing more can be sent now. */
function flush() {
  if (isClosed) return Promise.resolve();
  clearTimeout(retryTimer);
  running ||= sendAll().finally(() => {
    running = null;
    showWhole();
  });
  showWhole();
  return running;
}

async function sendAll() {
  for (let item = waiting()[0]; item && !isClosed; item = waiting()[0]) {
    if (!item.sent) {
      item.sent = item.next;
      item.next = null;
      storeQueue();
    }
    if (!(await send(item))) return retryLater();
    storeQueue();
    showWhole();
  }
  retryDelay = FIRST_RETRY_MS;
}

/* There is reason to hope: whatever is under way may still fail of the old trouble, so try once more after it. */
function flushAgain() {
  retryDelay = FIRST_RETRY_MS;
  return running ? running.then(flush) : flush();
}

function retryLater() {
  for (const item of waiting()) showItem(item, words.unsaved, "is-late");
  retryTimer = setTimeout(flush, retryDelay);
  retryDelay = Math.min(2 * retryDelay, LONGEST_RETRY_MS);
}

/* Returns whether the server has answered for this click. */
async function send(item) {
  showItem(item, words.saving, "");
  let response;
  try {
    response = await fetch(item.element.dataset.url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: new URLSearchParams(item.sent),
      redirect: "manual",
      keepalive: true,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch {
    return false;
  }
  // A redirect leads to the sign-in page; 403 and 404 mean that somebody else is signed in now.
  const isSignedOut = response.type === "opaqueredirect" || response.status === 403 || response.status === 404;
  showAlert(signedOutAlert, isSignedOut);
  if (isSignedOut || response.status >= 500 || response.status === 429) return false;
  const answer = await response.json().catch(() => ({}));
  const settle = { saved: acceptSaved, stale: askWhich, closed: acceptClosed, refused: takeBack }[answer.state];
  settle?.(item, answer);
  return Boolean(settle);
}

function acceptSaved(item, answer) {
  Object.assign(item, { revision: answer.revision, value: item.sent.value, sent: null });
  if (item.next) item.next.seen = answer.revision;
  showItem(item, item.next ? words.saving : words.saved, item.next ? "" : "is-saved");
  showProgress();
  showChangedSinceSeal();
}

function takeBack(item, answer) {
  Object.assign(item, { sent: null, next: null });
  choose(item, item.value);
  showItem(item, answer.message, "is-late");
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
  Object.assign(item, { revision: answer.revision, value: answer.value, sent: null, next: null });
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
  item.element.querySelector(".item-conflict")?.remove();
  item.element.append(block);
}

function offer(button, text, act) {
  button.textContent = text;
  button.addEventListener("click", act);
}

function endConflict(item, value) {
  item.element.querySelector(".item-conflict")?.remove();
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

function showWhole() {
  if (isClosed) return;
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
  } else if (/^[1-5]$/.test(event.key)) {
    const radio = element.querySelector(`input[value="${event.key}"]`);
    radio.focus({ preventScroll: true });
    radio.click();
  }
}

async function leaveForReview(event) {
  event.preventDefault();
  const comments = [];
  form.dispatchEvent(new CustomEvent("ballot:leave", { detail: comments }));
  await Promise.all([flush(), ...comments]);
  const conflict = form.querySelector(".item-conflict");
  if (conflict) conflict.scrollIntoView({ block: "center" });
  else if (!waiting().length) location.assign(form.querySelector("[data-review]").href);
}

function landOnFirstGap() {
  const hash = location.hash.match(/^#score-(\d+)$/);
  const done = [...items.values()].filter((item) => item.revision > 0).length;
  const target = hash ? items.get(hash[1]) : !location.hash && done ? nextGap(null) : null;
  if (target) moveTo(target);
}

form.addEventListener("change", (event) => {
  if (event.target.type === "radio") enqueue(items.get(event.target.closest("[data-item]").dataset.item), event.target.value);
});
form.addEventListener("keydown", pressKey);
form.addEventListener("submit", leaveForReview);
form.querySelectorAll("[data-review]").forEach((link) => link.addEventListener("click", leaveForReview));
form.querySelector("[data-next-gap]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const gap = nextGap(document.activeElement.closest?.("[data-item]"));
  if (gap) moveTo(gap);
});
form.querySelector("[data-retry]").addEventListener("click", flushAgain);
window.addEventListener("online", flushAgain);
document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting().length) flushAgain(); });
window.addEventListener("beforeunload", (event) => { if (waiting().length) event.preventDefault(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

form.querySelectorAll("[data-plain]").forEach((element) => { element.hidden = true; });
form.querySelectorAll("[data-live]").forEach((element) => { element.hidden = false; });
ballot.querySelector("[data-index]").open = matchMedia("(min-width: 64rem)").matches;
restoreQueue();
saveEarlierClicks();
showWhole();
if (waiting().length) flush();
landOnFirstGap();
