/* The language switch leads back to what is in view: the address as it is now, which htmx and the what-if
   page move, and what was typed and not sent yet. Without this script it leads back to the page as it was
   asked for. Written for old browsers, as the ballot's scripts are. */
"use strict";

const TYPED = "quanheng-typed";
const askedPath = location.pathname;

/* The fields whose content the page does not keep by itself, each with a name that the other language has, too. */
function typedFields() {
  const counts = new Map();
  const named = [];
  document.querySelectorAll("main form:not([data-keeps-itself])").forEach((form) => {
    [...form.elements].forEach((field) => {
      const isKept = field.name && !/^(hidden|password|file|submit|button|reset|fieldset)$/.test(field.type);
      if (!isKept || field.autocomplete === "one-time-code") return;
      const name = `${form.getAttribute("id") || ""} ${field.name}`;
      counts.set(name, (counts.get(name) || 0) + 1);
      named.push([`${name} ${counts.get(name)}`, field]);
    });
  });
  return named;
}

function contentOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  return field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;
}

function isAsServed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked === field.defaultChecked;
  if (field.options) return [...field.options].every((option) => option.selected === option.defaultSelected);
  return field.value === field.defaultValue;
}

function put(field, content) {
  if (typeof content === "boolean") field.checked = content;
  else if (Array.isArray(content)) [...field.options].forEach((option) => { option.selected = content.includes(option.value); });
  else field.value = content;
}

function keepTyped(path, { isAnswer }) {
  // What an answer shows was sent in, and its address knows nothing of it.
  const rows = typedFields().filter(([, field]) => isAnswer || !isAsServed(field)).map(([name, field]) => [name, contentOf(field)]);
  try {
    if (rows.length) sessionStorage.setItem(TYPED, JSON.stringify({ path, rows }));
  } catch (error) { /* A browser without storage has the address at least. */ }
}

function restoreTyped() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(TYPED));
    sessionStorage.removeItem(TYPED);
  } catch (error) { /* as above */ }
  if (!kept || kept.path !== location.pathname) return;
  const rows = new Map(kept.rows);
  typedFields().forEach(([name, field]) => { if (rows.has(name)) put(field, rows.get(name)); });
}

function prepare(next) {
  const isAnswer = "answer" in next.dataset && location.pathname === askedPath;
  if (!isAnswer) next.value = location.pathname + location.search + location.hash;
  keepTyped(new URL(next.value, location.href).pathname, { isAnswer });
}

/* Whoever still sends something is waited for. */
function switchLanguage(event) {
  const button = event.currentTarget;
  if (button.dataset.waited) return;
  const next = button.form.elements.next;
  if (next) prepare(next);
  const waits = [];
  document.dispatchEvent(new CustomEvent("quanheng:leave", { detail: waits }));
  if (!waits.length) return;
  event.preventDefault();
  Promise.all(waits).then(() => {
    button.dataset.waited = "true";
    button.click();
  });
}

document.querySelectorAll("[data-language-switch] button").forEach((button) => button.addEventListener("click", switchLanguage));
restoreTyped();
