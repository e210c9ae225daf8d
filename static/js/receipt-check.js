/* Checks a receipt against the lists of its round. Nothing is sent: once the page is loaded it works without a network. */

const section = document.getElementById("receipt-check");
const words = section.dataset;
const result = document.getElementById("receipt-result");
const LISTS = ["#receipt-list", "#superseded-list"];

async function sha256(parts) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\n")));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* RFC 8785 for an object of small integers and nulls: keys sorted by UTF-16 code units, no spaces. */
function canonical(scores) {
  const rows = Object.keys(scores).sort().map((code) => `${JSON.stringify(code)}:${JSON.stringify(scores[code])}`);
  return `{${rows.join(",")}}`;
}

function readReceipt(text) {
  try {
    const file = JSON.parse(text);
    const isWhole = file.schema === "quanheng/receipt/1" && file.scores && file.nonce && file.receipt;
    return isWhole ? file : null;
  } catch {
    return null;
  }
}

/* Of a list that goes beyond this page, the whole, fetched as the page is loaded and so whatever is looked for in it. */
async function fetchWhole(selector) {
  const url = document.querySelector(selector)?.dataset.whole;
  if (!url) return null;
  const response = await fetch(url).catch(() => null);
  return response?.ok ? (await response.text()).split("\n").slice(1) : undefined;
}

function readList(selector) {
  return [...document.querySelectorAll(`${selector} li`)].map((item) => item.textContent.trim());
}

function isUniform(scores) {
  const answers = Object.values(scores);
  return answers.length > 1 && !answers.includes(null) && new Set(answers).size === 1;
}

async function judge(text) {
  const file = readReceipt(text);
  if (!file) return ["error", words.unreadable];
  if (String(file.round) !== words.round || file.questionnaire_hash !== words.questionnaire) return ["error", words.otherRound];
  const [listed, superseded] = LISTS.map((selector, at) => wholes[at] ?? readList(selector));
  const parts = ["quanheng/receipt/1", file.round, file.questionnaire_hash, file.nonce, canonical(file.scores)];
  if ((await sha256(parts)) !== file.receipt) return ["error", words.altered];
  const isListWrong = words.root && (await sha256(["quanheng/receipt-root/1", ...listed])) !== words.root;
  if (isListWrong) return ["error", words.badList];
  if (superseded.includes(file.receipt)) return ["warning", words.superseded];
  const isKept = words.root ? listed.includes(file.receipt) : file.receipt === words.current;
  if (isKept && words.leftOut && isUniform(file.scores)) return ["warning", words.leftOut];
  if (!words.root) return isKept ? ["success", words.stands] : ["info", words.notClosed];
  return isKept ? ["success", words.listed] : ["warning", words.unlisted];
}

async function check() {
  const file = document.getElementById("receipt-file").files[0];
  const [kind, text] = await judge(file ? await new Response(file).text() : document.getElementById("receipt-text").value);
  show(kind, text);
}

function show(kind, text) {
  result.className = `notice notice--${kind}`;
  result.firstElementChild.textContent = text;
  result.hidden = false;
  result.focus();
}

function refuse(text) {
  show("warning", text);
  document.getElementById("receipt-run").disabled = true;
}

const wholes = await Promise.all(LISTS.map(fetchWhole));
section.hidden = false;
if (!crypto.subtle) refuse(words.insecure);
else if (wholes.includes(undefined)) refuse(words.notLoaded);
else document.getElementById("receipt-run").addEventListener("click", check);
