// Live updates: fetches the current URL again and replaces what changed. Lists do not shift: new rows are only counted. Pages with a fixed
// end time, hidden pages and paused pages are not refreshed.
const refreshMilliseconds = 5000;
const live = document.querySelector("[data-refresh]");
const button = document.querySelector("[data-live-switch]");
const lastHtml = new Map();
let paused = false;

function show() {
  button.querySelector(".dot").className = paused ? "dot wait" : "dot live";
  button.lastElementChild.textContent = paused ? "Paused" : "Live";
}

/** The user is interacting with this part, and replacing it would interrupt that. */
const isBusy = part => part.contains(document.activeElement) || part.querySelector("details[open]") || !getSelection().isCollapsed;

const ids = root => [...root.querySelectorAll("[data-live]")].map(part => part.id).join();

function update(fresh) {
  // An added or removed part replaces the whole view; the log tail manages its own rows.
  const whole = fresh.querySelector("[data-refresh]");

  if (whole?.querySelector("[data-live]") && ids(fresh) !== ids(document) && !document.querySelector("[data-tail]") && !isBusy(live)) {
    live.replaceChildren(...document.adoptNode(whole).childNodes);
    live.dispatchEvent(new Event("observatory:added", { bubbles: true }));
    return;
  }

  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);

    if (other && !isBusy(part) && other.innerHTML !== lastHtml.get(part.id)) {
      lastHtml.set(part.id, other.innerHTML);
      part.replaceChildren(...document.adoptNode(other).childNodes);
      part.dispatchEvent(new Event("observatory:added", { bubbles: true }));
    }
  }

  const counter = document.querySelector("[data-count]");
  const count = fresh.querySelector("[data-count]");

  if (counter && count) {
    const more = Number(count.dataset.count) - Number(counter.dataset.count);
    counter.hidden = more <= 0;
    counter.firstElementChild.textContent = more + " new";
  }
}

async function refresh() {
  if (paused || document.hidden) {
    return;
  }

  // With this header a missing cookie gives 401 instead of the login page.
  const response = await fetch(location.href, { headers: { accept: "text/html", "x-requested-with": "XMLHttpRequest" } }).catch(() => null);

  if (response?.ok && !paused) {
    update(new DOMParser().parseFromString(await response.text(), "text/html"));
  }
}

if (live) {
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    show();
    document.dispatchEvent(new CustomEvent("observatory:paused", { detail: paused }));
  });
  setInterval(refresh, refreshMilliseconds);
}
