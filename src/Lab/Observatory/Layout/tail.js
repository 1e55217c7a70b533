// New lines of the logs: counted in the bar on top, put in when one asks, or as they come while one follows. A row that is read is never
// pushed away unasked: scrolling down, selecting text or the pause of the top bar stops following.
const bar = document.querySelector("[data-tail]");
const list = bar.parentElement;
const [show, follow] = bar.querySelectorAll("button");
const maxRows = 500;
const template = document.createElement("template");
let waiting = [];
let count = 0;
let following = false;
let stream = null;

function say() {
  bar.hidden = count === 0 && !following;
  bar.firstElementChild.textContent = following ? "Following" : `${count.toLocaleString("en")} new ${count === 1 ? "line" : "lines"}`;
  show.hidden = following || count === 0;
  follow.textContent = following ? "Stop following" : "Follow";
}

function putIn() {
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
  say();
}

function open() {
  stream = new EventSource(bar.dataset.tail);
  stream.addEventListener("message", event => {
    const step = JSON.parse(event.data);
    count += step.count;
    waiting = [...waiting, step.html].slice(-20);

    if (following && getSelection().isCollapsed) {
      putIn();
    } else {
      say();
    }
  });
}

show.addEventListener("click", putIn);
follow.addEventListener("click", () => {
  following = !following;
  putIn();
});
addEventListener("scroll", () => {
  if (following && scrollY > 300) {
    following = false;
    say();
  }
}, { passive: true });
document.addEventListener("observatory:paused", event => {
  stream?.close();

  if (!event.detail) {
    open();
  }
});
open();
