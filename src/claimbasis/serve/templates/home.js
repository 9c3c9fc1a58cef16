"use strict";
const byId = (id) => document.getElementById(id);
const form = byId("form"), file = byId("file"), drop = byId("drop"), state = byId("state");

// A file dropped anywhere on the page is chosen, instead of replacing the page.
addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  drop.classList.remove("over");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  file.files = event.dataTransfer.files;
  state.value = file.files.length > 1 ? "One file at a time, please." : `${file.files[0].name} is chosen.`;
});

byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
form.addEventListener("submit", () => { state.value = "Reading …"; });
addEventListener("pageshow", () => { state.value = ""; });
