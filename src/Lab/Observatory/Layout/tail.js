// Log tail: new lines are counted in the bar, and inserted on demand or, while following, as they arrive. Rows being read do not move:
// scrolling down, selecting text or pausing stops following.
const bar = document.querySelector("[data-tail]");
const list = bar.parentElement;
const [show, follow] = bar.querySelectorAll("button");
const maxRows = 500;
const template = document.createElement("template");
let waiting = [];
let count = 0;
let following = false;
let stream = null;

function updateBar() {
  bar.hidden = count === 0 && !following;
  bar.firstElementChild.textContent = following ? "Following" : `${count.toLocaleString("en")} new ${count === 1 ? "line" : "lines"}`;
  show.hidden = following || count === 0;
  follow.textContent = following ? "Stop following" : "Follow";
}

function insertLines() {
  template.innerHTML = waiting.reverse().join("");

  for (const row of template.content.children) {
    row.classList.add("arrived");
  }

  bar.after(template.content);
  list.dispatchEvent(new Event("observatory:added", { bubbles: true }));
  list.querySelector(".empty")?.remove();
  [...list.querySelectorAll(":scope > .log")].slice(maxRows).forEach(row => row.remove());
  waiting = [];
  count = 0;
  updateBar();
}

function open() {
  stream = new EventSource(bar.dataset.tail);
  stream.addEventListener("message", event => {
    const step = JSON.parse(event.data);
    count += step.count;
    waiting = [...waiting, step.html].slice(-20);

    if (following && getSelection().isCollapsed) {
      insertLines();
    } else {
      updateBar();
    }
  });
}

show.addEventListener("click", insertLines);
follow.addEventListener("click", () => {
  following = !following;
  insertLines();
});
addEventListener("scroll", () => {
  if (following && scrollY > 300) {
    following = false;
    updateBar();
  }
}, { passive: true });
document.addEventListener("observatory:paused", event => {
  stream?.close();

  if (!event.detail) {
    open();
  }
});
open();
