"use strict";
// The page is whole without this: it adds the filters, the keys, the folds and the choice of light or dark.
const root = document.documentElement;
root.classList.add("js");

// ---- light or dark: as the system has it, until the reader chooses
const stored = {
  get: () => { try { return localStorage.getItem("nightdesk-theme"); } catch { return null; } },
  set: (theme) => { try { localStorage.setItem("nightdesk-theme", theme); } catch { /* this browser keeps nothing */ } },
};
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
if (stored.get()) root.dataset.theme = stored.get() === "dark" ? "dark" : "light";

// ---- searching: case and accents aside
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

document.addEventListener("DOMContentLoaded", () => {
  const $ = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  const theme = $("#theme");
  const showTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  const turn = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored.set(root.dataset.theme);
    showTheme();
  };
  theme.addEventListener("click", turn);
  showTheme();

  // ---- what stands still at the top hides nothing that is jumped to, also by a link from another page
  const desk = $(".desk");
  const sticks = () => desk !== null && getComputedStyle(desk).position === "sticky";
  const makeRoom = () => { root.style.setProperty("--room", `${sticks() ? desk.offsetHeight + 16 : 0}px`); };
  makeRoom();
  if (desk) new ResizeObserver(makeRoom).observe(desk);
  const [arrival] = performance.getEntriesByType("navigation");
  if (location.hash && arrival?.type === "navigate") { // the browser jumped before there was room; who comes back or reloads stays
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  // ---- the language: the style sheet hides what is told in others; here it is only kept from page to page of a visit
  const languages = all(".languages input");
  const language = () => languages.find((input) => input.checked)?.value ?? "";
  const named = (input) => input.value && input.parentElement.textContent.trim();
  const visit = {
    get: () => { try { return sessionStorage.getItem("nightdesk-language"); } catch { return null; } },
    set: (name) => { try { sessionStorage.setItem("nightdesk-language", name); } catch { /* this browser keeps nothing */ } },
  };
  const speak = (name) => {
    const input = languages.find((one) => named(one) === name);
    if (input) input.checked = true;
    if (input) visit.set(name);
  };
  speak(visit.get() ?? "");

  const query = $("#q");
  for (const input of languages) input.addEventListener("change", () => { visit.set(named(input)); if (query) filter(); });
  if (!query) return; // the index over the nights has no more

  const documents = $("#d"), clear = $("#clear"), status = $("#status"), none = $("#none");
  const chips = all(".chip");
  const plural = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

  // Read when the first filter is set, so that the page opens at once.
  let index = null;
  const read = () => all("main > article").map((article) => ({
    article,
    title: folded(article.querySelector("h2").textContent),
    sections: all("section", article).map((section) => ({
      section,
      category: section.dataset.c,
      paragraphs: all("p", section).map((paragraph) => ({
        paragraph,
        document: paragraph.dataset.d,
        sentences: all("bdi", paragraph).map((element) => ({ element, text: folded(element.textContent) })),
      })),
    })),
  }));

  function filter() {
    const words = folded(query.value).split(/\s+/).filter(Boolean);
    const categories = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.c);
    const wanted = documents.value;
    const active = words.length > 0 || categories.length > 0 || wanted !== "";
    const spoken = language(), speaks = (article) => !spoken || article.querySelector(`:scope > header:is(:not(.l), .${spoken})`) !== null;
    root.classList.toggle("filtering", active);
    clear.hidden = !active && !spoken;
    const found = [];
    let sentences = 0, stories = 0;
    if (active || index) {
      index ??= read();
      for (const { article, title, sections } of index) {
        const named = words.length > 0 && words.every((w) => title.includes(w));
        let inArticle = 0;
        for (const { section, category, paragraphs } of sections) {
          let inSection = 0;
          const sectionFits = categories.length === 0 || categories.includes(category);
          for (const { paragraph, document: d, sentences: its } of paragraphs) {
            let inParagraph = 0;
            const fits = sectionFits && (wanted === "" || d === wanted);
            for (const { element, text } of its) {
              const shown = fits && (named || words.every((w) => text.includes(w)));
              if (element.hidden === shown) element.hidden = !shown;
              if (!shown) continue;
              inParagraph += 1;
              if (words.length) found.push([element, text]);
            }
            paragraph.hidden = active && inParagraph === 0;
            inSection += inParagraph;
          }
          section.hidden = active && inSection === 0;
          inArticle += inSection;
        }
        article.hidden = active && inArticle === 0;
        if (!speaks(article)) continue;
        sentences += inArticle;
        stories += inArticle > 0 && article.id !== "unplaced" ? 1 : 0;
      }
    }
    const told = active || !spoken ? [] : all("main > article:not(#unplaced)"), heard = told.filter(speaks);
    none.hidden = active ? sentences > 0 : !spoken || heard.length > 0;
    status.textContent = active ? `${plural(sentences, "sentence", "sentences")} in ${plural(stories, "story", "stories")}`
      : spoken ? `${heard.length.toLocaleString("en")} of ${plural(told.length, "story", "stories")}` : "";
    mark(found, words);
  }

  // What was searched for is marked without touching the text.
  function mark(found, words) {
    if (!("highlights" in CSS)) return;
    const ranges = [];
    for (const [element, text] of found.slice(0, 2000)) {
      const node = element.firstChild;
      if (!node || text.length !== node.data.length) continue; // folding has moved the places
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function showAll() {
    query.value = documents.value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    speak("");
    filter();
  }

  if (language()) filter();
  let waiting = 0;
  query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  documents.addEventListener("change", filter);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  clear.addEventListener("click", () => { showAll(); query.focus(); });
  none.querySelector("button").addEventListener("click", () => { showAll(); query.focus(); });

  // ---- folds
  for (const button of all("section > .unfold")) {
    const label = button.textContent;
    button.addEventListener("click", () => {
      const open = button.parentElement.classList.toggle("open");
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "Fewer" : label;
    });
  }

  // ---- what leads to the source: the sentences before and after are read off the page, and found in what is folded
  const byLink = (link) => document.getElementById(link.hash.slice(1));
  function tell(link) { // beside a link to a sentence of the page, its text
    const sentence = byLink(link);
    if (!sentence || link.nextElementSibling) return;
    const text = sentence.textContent, quote = document.createElement("q"), its = sentence.closest("[lang]");
    quote.lang = its.lang;
    quote.dir = its.dir || "auto";
    quote.textContent = text.length > 200 ? `${text.slice(0, 199)}…` : text;
    link.after(" ", quote);
  }
  function tellBetween(details) { // where sentences that stand apart were drawn together: what follows, what comes before
    const its = all("bdi", details.previousElementSibling).map((e) => e.id.split(".").map(Number));
    const place = all("li", details).find((li) => /^(after|filed)/.test(li.textContent));
    if (details.querySelector(".between")) return;
    for (const [k, [number, position]] of its.entries()) {
      const next = its[k + 1]?.[1] ?? position;
      for (const at of new Set(next - position > 1 ? [position + 1, next - 1] : [])) {
        if (!document.getElementById(`${number}.${at}`)) continue;
        const item = document.createElement("li"), link = document.createElement("a");
        item.className = "between";
        link.href = `#${number}.${at}`;
        link.textContent = at;
        item.append("between: ", link);
        place.before(item);
        tell(link);
      }
    }
  }
  document.addEventListener("toggle", ({ target: details }) => {
    if (!details.open || !details.matches(".text details")) return;
    for (const link of all("a[href^='#']", details)) tell(link);
    if (!details.closest("#unplaced")) tellBetween(details);
  }, true);
  document.addEventListener("click", ({ target }) => {
    const sentence = target.closest("details a[href^='#']") && byLink(target);
    sentence?.closest("section")?.querySelector(".unfold[aria-expanded=false]")?.click();
  });

  // ---- keys
  function go(step) { // to the story after the one whose top stands highest on the screen, or before it
    const articles = all("main > article").filter((a) => a.checkVisibility());
    if (!articles.length) return;
    const line = (sticks() ? desk.offsetHeight : 0) + 24;
    const here = articles.findLastIndex((a) => a.getBoundingClientRect().top <= line);
    const atTop = here >= 0 && Math.abs(articles[here].getBoundingClientRect().top - line) < 48;
    const next = step > 0 ? here + 1 : here - (atTop ? 1 : 0);
    const article = articles[Math.min(Math.max(next, 0), articles.length - 1)];
    article.scrollIntoView();
    article.querySelector("h2").focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input:not([type=radio]), select, textarea");
    const opened = event.target.closest("details[open]");
    if (event.key === "Escape" && opened) {
      opened.open = false;
      opened.querySelector("summary").focus();
    } else if (event.key === "Escape") {
      showAll();
      if (typing) event.target.blur();
    } else if (typing) {
      if (event.target === query && event.key === "Enter") { clearTimeout(waiting); filter(); go(1); }
    } else if (event.key === "/") {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "t") turn();
  });
});
