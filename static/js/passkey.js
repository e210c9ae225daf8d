/* What the page says when a passkey fails, in place of an error that only the console sees. The button
   itself stands in the page from the start only where this script runs. */
"use strict";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("passkey-problem").hidden = false;
});
const asking = document.getElementById("passkey-form");
if (asking) asking.hidden = false;
