// What a page can do beyond HTML. Every control here is hidden until this file has run; nothing needs it.
const text = (id) => document.getElementById(id);
try {
  const size = localStorage.getItem("size");
  if (size && text(size)) text(size).checked = true;
  for (const each of document.querySelectorAll(".sizes input"))
    each.addEventListener("change", () => localStorage.setItem("size", each.id));
} catch { /* storage may be refused: the choice holds for this page */ }
for (const each of document.querySelectorAll("[data-needs]")) {
  const act = {
    print: () => window.print(),
    share: navigator.share && (() => navigator.share({ title: document.title, url: text("url").value }).catch(() => {})),
    copy: navigator.clipboard && (() => navigator.clipboard.writeText(text("url").value).then(() => { each.textContent = each.dataset.done; })),
  }[each.dataset.needs];
  if (act) { each.hidden = false; (each.closest("li[hidden]") ?? each).hidden = false; each.addEventListener("click", act); }
}
