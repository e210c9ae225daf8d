/* Saves a comment when its field is left, or by its button. A text that could not be saved stays in
   its field, says so, and is sent again with the next chance. */

const ballot = document.getElementById("ballot");
const form = document.getElementById("ballot-form");
const words = ballot.dataset;
// Until ballot.js begins, which says how to post, comments are sent with the plain form.
let post = null;
const fields = [...form.querySelectorAll("textarea[data-comment-url]")].map(readField);
const RETRY_MS = 3000;

function readField(area) {
  return { area, saved: area.defaultValue.trim(), running: null, state: area.closest("details").querySelector("[data-comment-state]") };
}

function isWaiting(field) {
  return field.area.value.trim() !== field.saved;
}

function save(field) {
  if (!isWaiting(field)) return Promise.resolve();
  if (!field.running) {
    field.running = send(field);
    field.running.then(() => { field.running = null; });
  }
  return field.running;
}

async function send(field) {
  const comment = field.area.value.trim();
  field.state.textContent = words.saving;
  try {
    const response = await post(field.area.dataset.commentUrl, { comment, seen: field.saved });
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

/* A score that was given later lets a waiting comment through. */
function watchScores() {
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const item = target.classList.contains("is-saved") && target.closest("[data-item]");
      const field = item && fields.find(({ area }) => item.contains(area));
      if (field) save(field);
    }
  });
  observer.observe(form, { subtree: true, attributes: true, attributeFilter: ["class"] });
}

function begin(asked) {
  watchScores();
  post = asked.post;
  for (const field of fields) {
    field.area.addEventListener("change", () => save(field));
    field.area.closest("details").querySelector("[data-comment-save]").addEventListener("click", () => save(field));
  }
  // What was written before this script had arrived; a field that still has the focus is saved when it is left.
  for (const field of fields) if (field.area !== document.activeElement) save(field);
  form.addEventListener("ballot:leave", (event) => event.detail.push(...fields.map(save)));
  window.addEventListener("beforeunload", (event) => {
    if (form.classList.contains("is-live") && fields.some(isWaiting)) event.preventDefault();
  });
  asked.isBegun = true;
}

form.addEventListener("ballot:begin", (event) => begin(event.detail));
