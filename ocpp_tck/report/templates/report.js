(() => {
  const cases = [...document.querySelectorAll("details.case")];
  const search = document.getElementById("search"), form = document.getElementById("filters");
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const apply = () => {
    const on = boxes.filter(b => b.checked).map(b => b.value), words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const c of cases) {
      c.hidden = (on.length && !on.includes(c.dataset.verdict)) || !words.every(w => c.dataset.text.includes(w));
      shown += !c.hidden;
    }
    document.getElementById("shown").value = `${shown} of ${cases.length}`;
    document.getElementById("none").hidden = shown > 0 || !cases.length;
  };
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) { if (e.tagName === "DETAILS") { e.open = true; e.hidden = false; } }
    target.scrollIntoView();
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", e => e.preventDefault());
  addEventListener("hashchange", reveal);
  apply(); reveal();
})();
