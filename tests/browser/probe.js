// Looks at one page in the browser; `measure` answers with what the tests ask. Runs before the scripts of the page.
(() => {
  const faults = [];
  const note = (what) => faults.push(String(what));
  for (const level of ["error", "warn"]) {
    const plain = console[level];
    console[level] = (...args) => {
      note(`console.${level}: ${args.map(String).join(" ")}`);
      plain.apply(console, args);
    };
  }
  addEventListener("error", (event) => {
    const source = event.target && (event.target.src || event.target.href);
    note(source ? `does not load: ${source}` : `thrown: ${event.message}`);
  }, true);
  addEventListener("unhandledrejection", (event) => note(`rejected: ${event.reason}`));
  // The page of the whole book wants to be printed as soon as it is loaded.
  window.print = () => {};

  const shown = (text) => text.replace(/\s+/g, " ").trim().slice(0, 80);

  // How to find an element again.
  const place = (element) => {
    const parts = [];
    for (let at = element; at && at !== document.body && parts.length < 4; at = at.parentElement) {
      const names = [...at.classList].map((name) => `.${name}`).join("");
      parts.unshift(at.localName + (at.id ? `#${at.id}` : "") + names);
      if (at.id) break;
    }
    return parts.join(" > ");
  };

  // Those of drawings count as well.
  const links = () => [...document.querySelectorAll("a")].filter((a) => a.hasAttribute("href")).map((a) => ({
    target: new URL(a.getAttribute("href"), document.baseURI).href,
    text: shown(a.textContent),
  }));

  const ids = () => [...document.querySelectorAll("[id]")].map((element) => element.id);

  // The text from each heading to the next: what a reader sees who arrives at its anchor.
  const sections = () => {
    const main = document.querySelector("main");
    const out = [];
    if (!main) return out;
    let open = null;
    const walk = (node) => {
      for (const child of node.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) {
          if (open) open.text += child.data;
        } else if (child.nodeType === Node.ELEMENT_NODE) {
          if (/^h[1-6]$/.test(child.localName)) {
            const anchor = child.id || (child.querySelector("[id]") || {}).id || "";
            open = { id: anchor, text: "" };
            out.push(open);
          }
          walk(child);
        }
      }
    };
    walk(main);
    return out.map(({ id, text }) => ({ id, text: text.replace(/\s+/g, " ").trim() }));
  };

  // Elements that reach beyond the window and are in nothing that scrolls by itself.
  const overflow = () => {
    const width = document.scrollingElement.clientWidth;
    const scroll = document.scrollingElement.scrollWidth;
    if (scroll <= width) return null;
    const offenders = [];
    for (const element of document.querySelectorAll("body *")) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.right <= width + 1) continue;
      let held = false;
      for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
        if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX)) held = true;
      }
      const inner = [...element.children].some((child) => child.getBoundingClientRect().right > width + 1);
      if (!held && !inner && offenders.length < 5) {
        offenders.push(`${place(element)} reaches ${Math.round(box.right)} px: ${shown(element.textContent)}`);
      }
    }
    return { scroll, width, offenders };
  };

  const rgba = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    // `color(srgb r g b / a)` counts from 0 to 1.
    const scale = text.startsWith("color(") ? 255 : 1;
    return { r: parts[0] * scale, g: parts[1] * scale, b: parts[2] * scale, a: parts.length > 3 ? parts[3] : 1 };
  };
  const over = (top, under) => {
    const a = top.a + under.a * (1 - top.a);
    const mix = (x, y) => (a === 0 ? 0 : (x * top.a + y * under.a * (1 - top.a)) / a);
    return { r: mix(top.r, under.r), g: mix(top.g, under.g), b: mix(top.b, under.b), a };
  };
  const luminance = ({ r, g, b }) => {
    const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const ratio = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const hex = ({ r, g, b }) => "#" + [r, g, b].map((v) => Math.round(v).toString(16).padStart(2, "0")).join("");

  // In a drawing the ground of a text is the last shape painted before it that lies under its middle.
  const shapesOf = (svg) => [...svg.querySelectorAll("rect, polygon, path, circle, ellipse")].map((shape) => {
    const style = getComputedStyle(shape);
    const box = shape.getBoundingClientRect();
    return { shape, box, style };
  });

  const ground = (element, text) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      if (at.localName === "svg") {
        const box = text.getBoundingClientRect();
        const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
        const under = shapesOf(at).filter(({ shape, box, style }) =>
          box.left <= x && x <= box.right && box.top <= y && y <= box.bottom &&
          style.fill !== "none" && style.visibility === "visible" &&
          shape.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
        for (const { style } of under.reverse()) {
          const fill = rgba(style.fill);
          layers.push({ ...fill, a: fill.a * Number(style.fillOpacity) * Number(style.opacity) });
        }
      }
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      layers.push(rgba(style.backgroundColor));
      if (layers[layers.length - 1].a === 1) break;
    }
    let colour = { r: 255, g: 255, b: 255, a: 1 };
    for (const layer of layers.reverse()) colour = over(layer, colour);
    return colour;
  };

  // Visible text of the page's own part, with the element that holds it.
  const texts = () => {
    const main = document.querySelector("main");
    const out = [];
    if (!main) return out;
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      if (!node.data.trim() || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
      if (["script", "style", "title", "desc", "template"].includes(element.localName)) continue;
      out.push({ node, element });
    }
    return out;
  };

  // As a reader chooses a theme: its button changes the colours of code as well.
  const choose = (theme, themes) => {
    const button = document.getElementById(`mdbook-theme-${theme}`);
    if (button) return button.click();
    document.documentElement.classList.remove(...themes);
    document.documentElement.classList.add(theme);
  };
  window.__choose = (theme) => {
    choose(theme, ["light", "navy"]);
    return String(document.documentElement.scrollHeight);
  };

  // Text whose contrast is below AA, once for each look of it.
  const contrast = (themes) => {
    const found = new Set();
    const html = document.documentElement;
    const before = html.className;
    const all = texts();
    const still = document.createElement("style");
    still.textContent = "*, *::before, *::after { transition: none !important; animation: none !important; }";
    document.head.append(still);
    for (const theme of themes) {
      choose(theme, themes);
      const seen = new Map();
      for (const { node, element } of all) {
        if (!seen.has(element)) {
          const range = document.createRange();
          range.selectNodeContents(node);
          seen.set(element, look(element, range));
        }
        const { colour, under, size, bold, opacity } = seen.get(element);
        if (!under) continue;
        const visible = over({ ...colour, a: colour.a * opacity }, under);
        const large = size >= 24 || (bold && size >= 18.66);
        const got = ratio(visible, under);
        if (got + 0.005 >= (large ? 3 : 4.5)) continue;
        // mdBook colours the words of code blocks; that is its own, like its menus.
        if (element.closest("[class*=hljs-]")) continue;
        found.add(`${theme}: ${hex(visible)} on ${hex(under)} is ${got.toFixed(2)}, ${kind(element)}`);
      }
    }
    if (!document.getElementById("mdbook-theme-list")) html.className = before;
    else choose("default_theme", themes);
    still.remove();
    return [...found];
  };

  // What an element is, without its neighbours: the same on every page.
  const kind = (element) => {
    const name = (of) => of.localName + [...of.classList].map((one) => `.${one}`).join("");
    return element.parentElement ? `${name(element.parentElement)} > ${name(element)}` : name(element);
  };

  const look = (element, range) => {
    const style = getComputedStyle(element);
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const drawn = element.namespaceURI === "http://www.w3.org/2000/svg";
    const colour = rgba(drawn ? style.fill : style.color);
    return { colour, opacity, under: ground(element, range), size: parseFloat(style.fontSize), bold: Number(style.fontWeight) >= 700 };
  };

  // Drawings with words in them: how large their smallest letters are on the screen, and which words leave their node.
  const diagrams = () => [...document.querySelectorAll("main svg")]
    .filter((svg) => !svg.ownerSVGElement && svg.querySelector("text, foreignObject"))
    .map((svg) => {
      const words = [];
      for (const element of svg.querySelectorAll("text, foreignObject *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        const inner = element.localName === "text" && element.textContent.trim();
        if (!(own || inner)) continue;
        const drawn = element.getScreenCTM ? element : element.closest("foreignObject");
        const matrix = drawn.getScreenCTM();
        const scale = Math.hypot(matrix.b, matrix.d);
        let smallest = Infinity;
        for (const part of [element, ...element.querySelectorAll("*")]) {
          if (part.textContent.trim()) smallest = Math.min(smallest, parseFloat(getComputedStyle(part).fontSize));
        }
        words.push({ size: smallest * scale, text: shown(element.textContent), outside: outside(element) });
      }
      const box = svg.getBoundingClientRect();
      return {
        label: svg.getAttribute("aria-label") || (svg.querySelector("title") || {}).textContent || "",
        width: box.width,
        smallest: Math.min(...words.map((word) => word.size)),
        outside: words.filter((word) => word.outside).map((word) => `${word.text} (${word.outside})`),
      };
    });

  const outside = (element) => {
    const node = element.closest("g.node");
    const shape = node && node.querySelector("rect, polygon, path, circle, ellipse");
    if (!shape) return null;
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect(), box = shape.getBoundingClientRect();
    const by = Math.max(box.left - text.left, text.right - box.right, box.top - text.top, text.bottom - box.bottom);
    return by > 1 ? `by ${Math.round(by)} px` : null;
  };

  const loaded = () => new Promise((done) => {
    if (document.readyState === "complete") done();
    else addEventListener("load", () => done());
  });

  // Everything at once: a call to the browser costs more than its work.
  window.__measure = async (themes) => {
    await loaded();
    await document.fonts.ready;
    // What the page does right after its load has happened by now.
    await new Promise((done) => setTimeout(done, 0));
    return JSON.stringify({
      url: location.href.split("#")[0],
      ids: ids(),
      links: links(),
      sections: sections(),
      overflow: overflow(),
      contrast: contrast(themes),
      diagrams: diagrams(),
      faults: faults.splice(0),
    });
  };

  // Types into the search field of the book and answers with where the hits lead.
  window.__search = async (words) => {
    await loaded();
    const until = async (what, ready) => {
      for (let tries = 0; tries < 400; tries += 1) {
        if (ready()) return;
        await new Promise((done) => setTimeout(done, 25));
      }
      throw new Error(`${what} did not come`);
    };
    const field = document.getElementById("mdbook-searchbar");
    if (document.getElementById("mdbook-search-wrapper").classList.contains("hidden")) {
      document.getElementById("mdbook-search-toggle").click();
    }
    await until("the search index", () => document.activeElement === field && !document.querySelector(".searching"));
    const out = [];
    for (const word of words) {
      field.value = word;
      field.dispatchEvent(new KeyboardEvent("keyup", { key: "Enter" }));
      out.push([...document.querySelectorAll("#mdbook-searchresults li > a")].map((a) => a.href));
    }
    return JSON.stringify({ hits: out, faults: faults.splice(0) });
  };
})();
