// Live figures: asks for the same address again and puts new figures into the places of the old ones. Lists never push: of new rows only
// the number is said. A page whose address has a fixed end does not move, nor does one that is hidden or paused.
const every = 5000;
const live = document.querySelector("[data-refresh]");
const button = document.querySelector("[data-live-switch]");
const was = new Map();
let paused = false;

function show() {
  button.querySelector(".dot").className = paused ? "dot wait" : "dot live";
  button.lastElementChild.textContent = paused ? "Paused" : "Live";
}

/** The reader is in the middle of something that an exchange would take away. */
const isBusy = part => part.contains(document.activeElement) || part.querySelector("details[open]") || !getSelection().isCollapsed;

const ids = root => [...root.querySelectorAll("[data-live]")].map(part => part.id).join();

function exchange(fresh) {
  // A part that came or went changes the whole view; the tail of the logs keeps its own.
  const whole = fresh.querySelector("[data-refresh]");

  if (whole?.querySelector("[data-live]") && ids(fresh) !== ids(document) && !document.querySelector("[data-tail]") && !isBusy(live)) {
    live.replaceChildren(...document.adoptNode(whole).childNodes);
    live.dispatchEvent(new Event("observatory:added", { bubbles: true }));
    return;
  }

  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);

    if (other && !isBusy(part) && other.innerHTML !== was.get(part.id)) {
      was.set(part.id, other.innerHTML);
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

  // The header makes an answer without the cookie 401, and not the page to sign in.
  const answer = await fetch(location.href, { headers: { accept: "text/html", "x-requested-with": "XMLHttpRequest" } }).catch(() => null);

  if (answer?.ok && !paused) {
    exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
}

if (live) {
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    show();
    document.dispatchEvent(new CustomEvent("observatory:paused", { detail: paused }));
  });
  setInterval(refresh, every);
}
