/* Saves a comment when its field is left, or by its button. A text that could not be saved stays in
   its field, says so, and is sent again with the next chance. */

const ballot = document.getElementById("ballot");
const form = document.getElementById("ballot-form");
const words = ballot.dataset;
const fields = [...form.querySelectorAll("textarea[data-comment-url]")].map(readField);
const ANSWER_WITHIN_MS = 15000;
const RETRY_MS = 3000;

function readField(area) {
  return { area, saved: area.defaultValue.trim(), running: null, state: area.closest("details").querySelector("[data-comment-state]") };
}

function isWaiting(field) {
  return field.area.value.trim() !== field.saved;
}

function save(field) {
  if (!isWaiting(field)) return Promise.resolve();
  field.running ||= send(field).finally(() => { field.running = null; });
  return field.running;
}

async function send(field) {
  const comment = field.area.value.trim();
  field.state.textContent = words.saving;
  try {
    const response = await fetch(field.area.dataset.commentUrl, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: new URLSearchParams({ comment, seen: field.saved }),
      redirect: "manual",
      keepalive: true,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    settle(field, await response.json(), comment);
  } catch {
    field.state.textContent = words.commentWaits;
    setTimeout(() => save(field), RETRY_MS);
  }
}

function settle(field, answer, comment) {
  if (answer.state === "saved") {
    field.saved = comment;
    field.state.textContent = words.saved;
  } else if (answer.state === "stale") {
    // Saving once more is the choice: the other text was shown.
    field.saved = answer.comment;
    field.state.textContent = words.commentStale.replace("{theirs}", answer.comment);
  } else {
    field.state.textContent = answer.message || words.commentWaits;
  }
}

for (const field of fields) {
  field.area.addEventListener("change", () => save(field));
  field.area.closest("details").querySelector("[data-comment-save]").addEventListener("click", () => save(field));
}
/* What was written before this script had arrived; a field that still has the focus is saved when it is left. */
for (const field of fields) if (field.area !== document.activeElement) save(field);
/* A score that was given later lets a waiting comment through. */
new MutationObserver((changes) => {
  for (const change of changes) {
    const field = fields.find(({ area }) => change.target.closest?.("[data-item]")?.contains(area));
    if (field && change.target.classList.contains("is-saved")) save(field);
  }
}).observe(form, { subtree: true, attributes: true, attributeFilter: ["class"] });
form.addEventListener("ballot:leave", (event) => event.detail.push(...fields.map(save)));
window.addEventListener("beforeunload", (event) => { if (fields.some(isWaiting)) event.preventDefault(); });
