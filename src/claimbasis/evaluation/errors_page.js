"use strict";
const filters = ["label", "kind", "slice"].map((name) => document.getElementById(name));
const mistakes = [...document.querySelectorAll("#mistakes > li")];
const shown = document.getElementById("shown");

function show() {
  const [label, kind, slice] = filters.map((filter) => filter.value);
  let count = 0;
  for (const mistake of mistakes) {
    const data = mistake.dataset;
    const fits = (!label || data.label === label) && (!kind || data.kind === kind)
      && (!slice || data.slices.split(" ").includes(slice));
    mistake.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count} of ${mistakes.length} mistakes`;
}

for (const filter of filters) filter.addEventListener("change", show);
document.querySelector("form").addEventListener("reset", () => setTimeout(show));
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
show();
