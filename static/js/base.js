/* Small help on top of pages that already work without it. */
"use strict";

function focusErrorSummary() {
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
}

function closeMenuOnEscape(event) {
  const menu = document.querySelector(".nav-narrow[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

async function copyText(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const isCopied = await copyTextOf(document.getElementById(button.dataset.copy));
  button.textContent = isCopied ? button.dataset.done : button.dataset.byHand;
}

async function copyTextOf(element) {
  // Browsers inside chat apps refuse the clipboard, and over plain HTTP there is none: then as before there was
  // one, from a selection, which stays for a finger to copy where that is refused too.
  try {
    await navigator.clipboard.writeText(element.textContent.trim());
    return true;
  } catch {
    const folded = element.closest("details");
    if (folded) folded.open = true;
    const selection = getSelection();
    selection.selectAllChildren(element);
    const isCopied = document.execCommand("copy");
    if (isCopied) selection.removeAllRanges();
    return isCopied;
  }
}

function showCopyButtons() {
  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
}

function showLiveError() {
  document.getElementById("live-error").hidden = false;
}

function showCurrentTab() {
  // On a phone the tabs scroll sideways, and the current one may be out of sight.
  const tabs = document.querySelector(".tabs");
  const current = tabs && tabs.querySelector("[aria-current]");
  if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
}

document.addEventListener("keydown", closeMenuOnEscape);
document.addEventListener("click", copyText);
document.addEventListener("htmx:sendError", showLiveError);
document.addEventListener("htmx:timeout", showLiveError);
document.addEventListener("htmx:responseError", showLiveError);
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.getElementById("live-error").hidden = true;
});
focusErrorSummary();
showCopyButtons();
showCurrentTab();
