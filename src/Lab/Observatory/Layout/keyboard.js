// Keys: / search, j and k move over the rows, Enter opens, ? help. Escape closes menus and help, which the browser does.
const rows = () =>
  [...document.querySelectorAll("tbody tr:has(a), a.wf-row, a.log, .log:has(a), .list li:has(a)")].filter(row => row.offsetParent !== null);
const target = row => row.matches("a") ? row : row.querySelector("a.strong, a.open-row, a");

function move(step) {
  const all = rows();

  if (all.length === 0) {
    return;
  }

  const at = all.findIndex(row => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  target(next).focus();
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) {
    return;
  }

  switch (event.key) {
    case "/":
      event.preventDefault();
      document.querySelector(".find input").select();
      break;
    case "j":
      move(1);
      break;
    case "k":
      move(-1);
      break;
    case "p":
      document.querySelector("[data-live-switch]:not([hidden])")?.click();
      break;
    case "?":
      document.getElementById("keys").togglePopover();
      break;
  }
});
