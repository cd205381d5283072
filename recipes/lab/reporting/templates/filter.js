/* Cards are filtered by the words typed and by what is chosen; commands can be copied. */
(() => {
  const search = document.querySelector("[data-search]");
  const choices = [...document.querySelectorAll("select[data-filter]")];
  const buttons = [...document.querySelectorAll("button[data-show]")];
  const items = [...document.querySelectorAll("[data-verdict]")];
  // A claim tried on another data set as well is one claim.
  const once = items.filter((item) => !("again" in item.dataset));
  const count = document.querySelector("[data-count]");
  let verdict = "";
  const show = () => {
    const words = (search ? search.value : "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const text = item.textContent.toLowerCase();
      const fits = (!verdict || item.dataset.verdict === verdict) &&
        choices.every((c) => !c.value ||
          (item.dataset[c.dataset.filter] || "").split(c.dataset.split || "\n").includes(c.value)) &&
        words.every((word) => text.includes(word));
      item.hidden = !fits;
      shown += fits && once.includes(item);
    }
    for (const section of document.querySelectorAll("[data-section]"))
      section.hidden = !section.querySelector("[data-verdict]:not([hidden])");
    if (count) count.textContent = `${shown} of ${once.length} claims`;
  };
  for (const button of buttons) button.addEventListener("click", () => {
    verdict = button.dataset.show;
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    show();
  });
  if (search) search.addEventListener("input", show);
  for (const choice of choices) choice.addEventListener("change", show);
  for (const code of document.querySelectorAll(".command code")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = "copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
      setTimeout(() => (button.textContent = "copy"), 1500);
    });
    code.after(button);
  }
  // A link to a claim that a filter hides shows it.
  const open = () => {
    const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (found && found.hidden && search) { search.value = ""; verdict = ""; choices.forEach((c) => (c.value = "")); show(); found.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  show();
})();
