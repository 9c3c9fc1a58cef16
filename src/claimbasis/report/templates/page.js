"use strict";
const find = (selector) => [...document.querySelectorAll(selector)];
const tell = (count) => count.toLocaleString("en");
const byId = (id) => document.getElementById(id);
document.documentElement.classList.add("ready");

// ---- light and dark
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
let chosenDark = null;

function paint() {
  const dark = chosenDark ?? prefersDark.matches;
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", dark);
}
byId("theme").addEventListener("click", () => { chosenDark = byId("theme").getAttribute("aria-pressed") !== "true"; paint(); });
prefersDark.addEventListener("change", paint);
paint();

// ---- tables that sort
function sortBy(column, head) {
  const up = head.getAttribute("aria-sort") === (head.hasAttribute("data-text") ? "none" : "descending");
  const body = head.closest("table").tBodies[0];
  const value = (row) => { const cell = row.cells[column]; return cell.dataset.value ?? cell.textContent.trim(); };
  const compare = (a, b) => head.hasAttribute("data-text") ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
  body.append(...[...body.rows].sort((a, b) => (up ? 1 : -1) * compare(value(a), value(b))));
  for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
}

for (const head of find(".sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sortBy(head.cellIndex, head));
  head.append(button);
  head.setAttribute("aria-sort", "none");
}

// ---- statements: each with the button behind it, its bars in the strip, what it carries and its scores
const barsTo = new Map();
for (const link of find(".strip a")) {
  const anchor = link.href.baseVal.slice(1);
  barsTo.set(anchor, [...(barsTo.get(anchor) ?? []), link]);
}
const statements = find(".statement[id]").map((element, place) => ({
  place,
  element,
  button: element.nextElementSibling,
  grounds: (element.dataset.grounds ?? "").split(" ").map(byId).filter(Boolean),
  bars: barsTo.get(element.id) ?? [],
  letters: element.dataset.labels.split(" "),
  scores: new Map(element.dataset.scores.trim().split(" ").map((pair) => pair.split(":")).map(([k, v]) => [k, Number(v)])),
  fits: true,
}));
const statementOf = new Map(statements.flatMap((item) => [[item.element, item], [item.button, item]]));
const statementAt = (node) => statementOf.get(node?.closest?.(".statement, button.letters"));

// ---- the scores of the statement that the pointer or the focus is on
const panel = byId("scores");
let shown = null;
let hiding = 0;

function showScores(item) {
  clearTimeout(hiding);
  if (item === shown || !item.fits) return;
  hideScores();
  shown = item;
  item.element.classList.add("shown");
  panel.querySelector("p").textContent = item.button.dataset.name;
  for (const row of panel.querySelectorAll("[data-letter]")) {
    const score = item.scores.get(row.dataset.letter);
    row.querySelector(".fill").setAttribute("width", 100 * (score ?? 0));
    row.cells[2].textContent = score?.toFixed(2) ?? "–";
  }
  panel.querySelector("dl").replaceChildren(...item.grounds.flatMap(tellGround));
  for (const span of item.grounds) span.classList.toggle("lit", !item.element.contains(span));
  panel.hidden = false;
  placePanel(item);
}

// A source, cue or relay, and where it stands when that is another statement.
function tellGround(span) {
  const home = statementAt(span);
  const [term, words] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = span.classList[0];
  words.textContent = span.textContent + (home === shown ? "" : ` (${home.button.dataset.name})`);
  return [term, words];
}

// Below the statement, or above it where the window ends; never over it.
function placePanel(item) {
  const box = item.element.getBoundingClientRect();
  const end = item.button.getBoundingClientRect();
  const below = Math.max(box.bottom, end.bottom) + 6;
  const above = box.top - panel.offsetHeight - 6;
  const room = document.documentElement.clientWidth - panel.offsetWidth - 8;
  panel.style.top = `${scrollY + (below + panel.offsetHeight < innerHeight || above < 0 ? below : above)}px`;
  panel.style.left = `${scrollX + Math.min(Math.max(end.right - panel.offsetWidth, 8), room)}px`;
}

function hideScores() {
  clearTimeout(hiding);
  shown?.element.classList.remove("shown");
  for (const span of shown?.grounds ?? []) span.classList.remove("lit");
  shown = null;
  panel.hidden = true;
}

// The panel waits a little for a pointer on its way to it, and goes back to the statement with the focus.
function leave() {
  clearTimeout(hiding);
  const focused = statementAt(document.activeElement);
  hiding = setTimeout(() => (focused ? showScores(focused) : hideScores()), 200);
}

function watch(event) {
  const item = statementAt(event.target);
  if (item) showScores(item);
  else if (panel.contains(event.target)) clearTimeout(hiding);
  else if (shown) leave();
}

// ---- filter, and steps from one statement that fits to the next
let current = -1;

function filter() {
  const wanted = new Set(find("#filter :checked").map((box) => box.value));
  const least = Number(byId("least").value);
  const score = (item, letter) => item.scores.get(letter) ?? Math.max(...item.scores.values());
  for (const item of statements) {
    item.fits = item.letters.some((letter) => wanted.has(letter) && score(item, letter) >= least);
    for (const node of [item.element, ...item.bars]) node.classList.toggle("off", !item.fits);
  }
  byId("least-shown").textContent = least.toFixed(2);
  byId("count").textContent = `${tell(statements.filter((item) => item.fits).length)} of ${tell(statements.length)} statements`;
}

function go(item) {
  item.element.scrollIntoView({ block: "center" });
  item.button.focus({ preventScroll: true });
  current = item.place;
}

function step(direction) {
  const n = statements.length;
  const from = current < 0 && direction < 0 ? 0 : current;
  for (let k = 1; k <= n; k++) {
    const item = statements[(from + direction * k + n * k) % n];
    if (item.fits) return go(item);
  }
}

function followAddress() {
  const item = statementOf.get(byId(location.hash.slice(1)));
  if (item?.fits) go(item);
}

if (byId("filter")) {
  for (const { button } of statements) {
    button.dataset.name = button.title.split(":")[0];
    button.setAttribute("aria-label", `${button.textContent}, ${button.title}`);
    button.removeAttribute("title");
  }
  for (const name of ["pointerover", "focusin", "click"]) document.addEventListener(name, watch);
  document.addEventListener("focusin", (event) => { current = statementAt(event.target)?.place ?? current; });
  document.addEventListener("focusout", () => { if (shown) leave(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideScores(); });
  byId("filter").addEventListener("input", filter);
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("reset", () => setTimeout(filter));
  byId("on").addEventListener("click", () => step(1));
  byId("back").addEventListener("click", () => step(-1));
  addEventListener("hashchange", followAddress);
  filter();
  followAddress();
}
