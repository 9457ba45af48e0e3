// Enhancements only: every form and link works without this file. No inline code, no eval.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const WIDE = matchMedia("(min-width: 60.01rem)"); // the list and the open item stand side by side
const HIGH_RISK = 70;
const TOAST_MS = 9000;

// ---- rows: j, k, x -------------------------------------------------------------------------
const rows = () => $$(".row");
const current = () => $(".row-main[aria-current]")?.closest(".row");
const box = (row) => $(".pick input", row);
const chosen = () => $$(".pick input:checked");
let lastPicked = null, opening = 0;

function setCurrent(row, { focus = true, open = true } = {}) {
  if (!row) return;
  $$(".row-main[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
  const link = $(".row-main", row);
  link.setAttribute("aria-current", "true");
  if (focus) link.focus({ preventScroll: true });
  if (focus) row.scrollIntoView({ block: "nearest" });
  if (open && WIDE.matches && link.hasAttribute("hx-get")) openSoon(link);
}

// Holding j down should open the row it stops at, not each one on the way.
function openSoon(link) {
  clearTimeout(opening);
  opening = setTimeout(() => {
    const shown = $("#detail [data-id]")?.dataset.id;
    if (shown !== link.closest(".row").dataset.id) window.htmx?.trigger(link, "open");
  }, 60);
}

function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest(".row") ?? current());
  setCurrent(all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))]);
}

function pick(row, range) {
  if (!row || !box(row)) return;
  const last = lastPicked?.isConnected ? lastPicked : null;
  if (range && last && last !== row) {
    const all = rows();
    const [from, to] = [all.indexOf(last), all.indexOf(row)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((each) => (box(each).checked = true));
  } else {
    box(row).checked = !box(row).checked;
  }
  lastPicked = row;
  syncBulk();
}

function pickAll(on) {
  $$(".pick input").forEach((input) => (input.checked = on));
  syncBulk();
}

function syncBulk() {
  const bar = $(".bulk-bar");
  if (!bar) return;
  const picked = chosen();
  bar.hidden = !picked.length;
  $("[data-bulk-count]", bar).textContent = picked.length;
  const high = picked.filter((input) => Number(input.closest(".row").dataset.risk) >= HIGH_RISK).length;
  const note = $("[data-bulk-note]", bar);
  note.hidden = !high;
  note.textContent = high ? `${high} high-risk will be left for single review` : "";
}

// ---- decisions: a, d -----------------------------------------------------------------------
function press(selector) {
  const button = $$(selector).find((each) => !each.disabled && each.checkVisibility());
  button?.click();
  return Boolean(button);
}

function approve() {
  if (chosen().length) return press("[data-do=bulk-approve]");
  const comment = $(".decide[data-needs-comment] textarea");
  return comment && !comment.value.trim() ? comment.focus() : press("[data-do=approve]");
}

function reject() {
  if (chosen().length) return press("[data-do=bulk-reject]");
  const comment = $(".decide textarea");
  if (!comment) return;
  comment.form.dataset.intent = "reject";
  comment.focus();
}

// ---- single keys ---------------------------------------------------------------------------
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => current() && $(".row-main", current()).click(),
  x: () => pick(current()),
  X: () => pick(current(), true),
  A: () => pickAll(true),
  a: approve,
  d: reject,
  "/": () => $("input[type=search]")?.focus(),
  "?": () => $("#shortcuts")?.showModal(),
};
let goAt = 0;

const typing = (target) =>
  target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const keysOff = (event) =>
  document.body.dataset.shortcuts === "off" || typing(event.target) || event.ctrlKey || event.metaKey ||
  event.altKey || event.isComposing || $("dialog[open], [popover]:popover-open");

function go(letter) {
  const link = $(`[data-go="${CSS.escape(letter)}"]`);
  if (link) location.href = link.href;
  return Boolean(link);
}

function escape(event) {
  if (typing(event.target)) return event.target.blur();
  const open = $(".facet[open], .confirm[open]");
  if (!open) return pickAll(false);
  open.open = false;
  $("summary", open).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return escape(event);
  const form = event.target.closest?.(".decide");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    return press(`[data-do=${form.dataset.intent ?? "approve"}]`);
  }
  if (event.target.matches?.(".row-main") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    return step(event.key === "ArrowDown" ? 1 : -1);
  }
  if (keysOff(event)) return;
  const follows = Date.now() - goAt < 1200;
  goAt = event.key === "g" ? Date.now() : 0;
  if (event.key === "g") return;
  if (follows && go(event.key)) return event.preventDefault();
  if (!Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});

// ---- copy, dialogs, menus, toasts ----------------------------------------------------------
async function copy(button) {
  const source = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    $("[data-label]", button).textContent = "Copied";
  } catch { // plain http or no permission: leave the text selected for Ctrl C
    getSelection().selectAllChildren(source);
    $("[data-label]", button).textContent = "Press Ctrl C";
  }
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  const link = at(".row-main");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    setCurrent(link.closest(".row"), { open: false });
    if (WIDE.matches && link.hasAttribute("hx-get")) { // else the link leads to a page of its own
      event.preventDefault();
      window.htmx?.trigger(link, "open");
    }
  }
  if (at("[data-open]")) $(at("[data-open]").dataset.open)?.showModal();
  if (at("[data-copy]")) copy(at("[data-copy]"));
  if (at("[data-dismiss]")) at(".toast").remove();
  $$(".facet[open]").forEach((facet) => { if (facet !== at(".facet")) facet.open = false; });
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".pick input")) {
    lastPicked = event.target.closest(".row");
    syncBulk();
  }
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

function fade(toast) {
  if (toast.dataset.timed || toast.dataset.stay) return;
  toast.dataset.timed = "1";
  const tick = () => (toast.matches(":hover, :focus-within") ? setTimeout(tick, TOAST_MS) : toast.remove());
  setTimeout(tick, TOAST_MS);
}

function settle() {
  syncBulk();
  const row = document.getElementById(`row-${$("#detail [data-id]")?.dataset.id}`);
  const inside = document.activeElement === document.body || document.activeElement?.closest("#detail");
  if (row) setCurrent(row, { focus: Boolean(inside), open: false });
  $$(".toast").forEach(fade);
}
["htmx:afterSettle", "htmx:after:settle"].forEach((name) => document.addEventListener(name, settle));
document.addEventListener("DOMContentLoaded", () => {
  syncBulk();
  $$(".toast").forEach(fade);
  $("[data-focus]")?.focus();
  if (WIDE.matches && $("#detail")) setCurrent(current() ?? rows()[0], { open: false, focus: false });
});
