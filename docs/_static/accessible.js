/* What scrolls sideways can be reached with the keyboard. */
for (const one of document.querySelectorAll("pre, .table-wrapper, math[display=block]"))
  if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
/* The theme's captions are headings without a level. */
for (const one of document.querySelectorAll("p.caption[role=heading]"))
  one.setAttribute("aria-level", "2");
