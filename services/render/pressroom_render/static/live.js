// Newer entries of a live article: looked for while the page is seen, offered, and put in place when the reader asks.
const SHORT_S = 30, LONG_S = 600, GONE = 410;
const box = document.querySelector("[data-fresh]");
let fresh = [], pause = SHORT_S, looked = Date.now(), timer;
const wait = () => { clearTimeout(timer); timer = setTimeout(look, Math.max(0, looked + pause * 1000 - Date.now())); };
async function look() {
  if (document.hidden) return;
  looked = Date.now();
  const before = fresh.length;
  try {
    const answer = await fetch(location.pathname, { cache: "no-cache" });
    if (answer.status === GONE) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) fresh = [...page.querySelectorAll(".entry")].filter((each) => !document.getElementById(each.id));
  } catch { /* the network is away: later */ }
  if (fresh.length !== before) offer();
  pause = fresh.length > before ? SHORT_S : Math.min(pause * 1.5, LONG_S);
  wait();
}
function offer() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = fresh.length === 1 ? box.dataset.one : box.dataset.many.replace("{n}", fresh.length);
  button.addEventListener("click", () => {
    box.after(...fresh);
    const first = fresh[0];
    fresh = [];
    box.replaceChildren();
    first.tabIndex = -1;
    first.focus();
  });
  box.replaceChildren(...(fresh.length ? [button] : []));
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) wait(); });
wait();
