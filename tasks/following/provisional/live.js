// ---- the live page: it is read again every few seconds, and the reader stays where he was
document.addEventListener("DOMContentLoaded", () => {
  const $ = (selector) => document.querySelector(selector);
  const main = $("#streams"), find = $("#find"), pause = $("#pause"), status = $("#status");
  const articles = [...document.querySelectorAll(".streams > article")];
  const every = Math.max(1, Number(main.dataset.every)) * 1000;
  const isOver = "over" in main.dataset;
  const key = `nightdesk-live:${location.pathname}`;
  const keep = (state) => { try { sessionStorage.setItem(key, JSON.stringify(state)); } catch { /* this browser keeps nothing */ } };
  const kept = (() => { try { return JSON.parse(sessionStorage.getItem(key)) ?? {}; } catch { return {}; } })();
  let paused = kept.paused === true && !isOver;

  // ---- searching
  const listed = new Map([...document.querySelectorAll(".overview li")].map((li) => [li.querySelector("a").hash.slice(1), li]));
  const filter = () => {
    const words = folded(find.value).split(/\s+/).filter(Boolean);
    let n = 0;
    for (const article of articles) {
      const text = words.length ? folded(article.textContent) : "";
      article.hidden = !words.every((word) => text.includes(word));
      n += article.hidden ? 0 : 1;
      const named = listed.get(article.id);
      if (named) named.hidden = article.hidden;
    }
    $("#none").hidden = n > 0 || articles.length === 0;
  };
  find.value = kept.query ?? "";
  filter();
  find.addEventListener("input", filter);

  // ---- the place: the article at the top of the screen stays where it stood, whatever has grown above it
  const [arrival] = performance.getEntriesByType("navigation");
  const line = () => ($(".desk") && getComputedStyle($(".desk")).position === "sticky" ? $(".desk").offsetHeight : 0);
  if (arrival?.type !== "navigate" && kept.y !== undefined) {
    history.scrollRestoration = "manual";
    const article = kept.top && document.getElementById(kept.top);
    scrollTo(0, article && !article.hidden ? article.getBoundingClientRect().top + scrollY - kept.offset : kept.y);
    if (kept.focus) document.getElementById(kept.focus)?.querySelector("h2").focus({ preventScroll: true });
    if (kept.focused) document.getElementById(kept.focused)?.focus({ preventScroll: true });
  }
  const remember = () => {
    const top = scrollY > 0 ? articles.find((a) => !a.hidden && a.getBoundingClientRect().bottom > line()) : undefined;
    keep({
      y: scrollY,
      top: top?.id,
      offset: top?.getBoundingClientRect().top,
      focus: document.activeElement?.closest?.("article")?.id,
      focused: document.activeElement?.id,
      query: find.value,
      paused,
      topics: Object.fromEntries(articles.map((a) => [a.id, a.dataset.t])),
    });
  };
  addEventListener("pagehide", remember);

  // ---- what is new is said once
  if (kept.topics) {
    const turned = articles.filter((a) => a.dataset.t && kept.topics[a.id] !== a.dataset.t && !a.hidden);
    const said = turned.slice(0, 3).map((a) => `${a.querySelector("h2").textContent}: ${a.querySelector(".now bdi").textContent}`);
    if (turned.length > 3) said.push(`and ${turned.length - 3} more`);
    setTimeout(() => { status.textContent = said.join("; "); }, 100); // a status that is there from the start is not read out
  }

  // ---- reading again, but not while the reader has stopped it, types, marks text or looks elsewhere
  const busy = () => paused || document.hidden || document.activeElement === find || !getSelection().isCollapsed;
  const read = () => {
    if (busy()) return;
    remember();
    location.reload();
  };
  const show = () => { pause?.setAttribute("aria-pressed", String(paused)); };
  const turn = () => {
    paused = !paused;
    show();
    remember();
  };
  show();
  if (!isOver) {
    pause.addEventListener("click", turn);
    setTimeout(() => { read(); setInterval(read, 1000); }, every);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && performance.now() > every) read(); });
    const stale = () => {
      const minutes = Math.floor((Date.now() / 1000 - Number(main.dataset.written)) / 60);
      $("#stale").textContent = minutes * 60000 >= 3 * every + 120000 ? `${minutes} minutes ago: the follow may have ended` : "";
    };
    stale();
    setInterval(stale, 15000);
  }

  // ---- keys
  const go = (step) => {
    const there = articles.filter((a) => !a.hidden);
    if (!there.length) return;
    const focused = there.indexOf(document.activeElement?.closest?.("article"));
    const here = focused >= 0 ? focused : there.findLastIndex((a) => a.getBoundingClientRect().top <= line() + 24);
    const next = there[Math.min(Math.max(here + step, 0), there.length - 1)];
    next.querySelector("h2").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === find) {
      if (event.key === "Escape") { find.value = ""; filter(); find.blur(); }
      if (event.key === "Enter") find.blur();
    } else if (event.key === "/") {
      event.preventDefault();
      find.focus();
    } else if (event.key === "p" && !isOver) turn();
    else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "t") $("#theme").click();
  });
});
