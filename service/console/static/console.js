// Enhances pages that work without it: forms and links marked data-partial replace a part of the page instead of all of
// it, keep the focus where it was, and tell a screen reader. Nothing here knows what a page is about.
"use strict";

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

// Which element had the focus, in words that find its successor: an id, or a name within its form.
function focusMark() {
  const held = document.activeElement;
  if (!held || held === document.body) return null;
  return { id: held.id, start: held.selectionStart ?? null, end: held.selectionEnd ?? null };
}

function refocus(mark) {
  const found = mark && mark.id ? document.getElementById(mark.id) : null;
  if (!found || found === document.activeElement) return;
  found.focus({ preventScroll: true });
  if (mark.start !== null && found.setSelectionRange && found.type !== "email") {
    try { found.setSelectionRange(mark.start, mark.end); } catch { /* a field without a caret */ }
  }
}

let asked = 0;

async function replacePart(name, address, options, keep) {
  const turn = ++asked;
  const part = document.getElementById(name);
  part.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await fetch(address, { ...options, headers: { Accept: "text/html" }, credentials: "same-origin" });
  } catch {
    return false;
  }
  const made = parsed(await answer.text());
  const fresh = made.getElementById(name);
  if (turn !== asked) return true; // a later question is under way
  if (!fresh) return false; // signed out, or a problem: let the browser show it
  const mark = focusMark();
  part.replaceWith(document.adoptNode(fresh));
  document.title = made.title;
  if (keep) {
    history.replaceState({ part: name }, "");
    history.pushState({ part: name }, "", answer.url);
  }
  refocus(mark);
  document.getElementById("news").textContent = fresh.dataset.news || made.title;
  return true;
}

function questionOf(form, pressed) {
  const data = new FormData(form, pressed);
  const query = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string" && value !== "") query.append(name, value);
  return query;
}

async function sendInPart(form, pressed) {
  const get = (form.method || "get").toLowerCase() === "get";
  const query = questionOf(form, pressed);
  const address = new URL(form.action, location.href);
  if (get) address.search = query.toString();
  const options = get ? {} : { method: "POST", body: query };
  if (!(await replacePart(form.dataset.partial, address, options, get))) HTMLFormElement.prototype.submit.call(form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.partial || event.defaultPrevented) return;
  event.preventDefault();
  sendInPart(form, event.submitter);
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.dataset.partial && form.dataset.live !== undefined) sendInPart(form, null);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-partial]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (!(await replacePart(link.dataset.partial, link.href, {}, true))) location.assign(link.href);
});

addEventListener("popstate", (event) => {
  if (event.state && event.state.part) location.reload(); // the address is the state
});

// A menu that is open closes when the keyboard leaves it or Escape is pressed.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu && menu.contains(document.activeElement)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Texts that are there to be taken along get a button for it.
for (const draft of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = draft.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(draft.textContent);
    document.getElementById("news").textContent = draft.dataset.copied;
    button.textContent = draft.dataset.copied;
  });
  draft.before(button);
}
