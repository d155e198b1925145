// Looks at pages in a real browser: node browse.mjs BASE PATH… Prints one JSON line for each finding.
// Every page is read light and dark, at 320 px and 1280 px, with text twice as large, and with scripts off.
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const require = createRequire(import.meta.url);
const axe = require.resolve("axe-core/axe.min.js");
const [base, ...paths] = process.argv.slice(2);
const found = (path, view, what) => console.log(JSON.stringify({ path, view, what }));
const VIEWS = [
  { name: "wide light", width: 1280, scheme: "light", text: 1 },
  { name: "wide dark", width: 1280, scheme: "dark", text: 1 },
  { name: "narrow light", width: 320, scheme: "light", text: 1 },
  { name: "narrow dark, text twice as large", width: 320, scheme: "dark", text: 2 },
  { name: "wide light, text twice as large", width: 1280, scheme: "light", text: 2 },
];

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const launch = (...more) => puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...more] });
const browser = await launch();
const enlarged = await launch("--blink-settings=defaultFontSize=32"); // as a reader sets it: media queries know

async function open(path, { width, scheme, text }, scripts = true) {
  const page = await (text === 2 ? enlarged : browser).newPage();
  await page.setBypassCSP(true); // the tool itself is a script that the pages would not let in
  await page.setJavaScriptEnabled(scripts);
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(base + path, { waitUntil: "load" });
  return page;
}

async function looked(path, view) {
  const page = await open(path, view);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wider > 0) {
    const culprits = await page.evaluate(() => [...document.querySelectorAll("body *")]
      .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 || each.getBoundingClientRect().left < -1)
      .filter((each) => !each.closest(".skip, .hide, .scroll")).slice(-3).map((each) => each.outerHTML.slice(0, 80)));
    found(path, view.name, `the page is ${wider} px wider than the window: ${culprits.join(" … ")}`);
  }
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  for (const each of violations)
    found(path, view.name, `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
  await page.close();
}

async function walked(path) {
  const page = await open(path, VIEWS[2], false);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.getAttribute("href"));
  if (first !== "#main") found(path, "keyboard", `the first stop is ${first}, not the link to the text`);
  for (let stops = 0; stops < 40; stops += 1) {
    await page.keyboard.press("Tab");
    const lost = await page.evaluate(() => {
      const here = document.activeElement;
      if (!here || here === document.body) return null;
      const { width, height } = here.getBoundingClientRect();
      const outline = getComputedStyle(here).outlineStyle;
      const marked = outline !== "none" || here.closest("label")?.matches(":has(:focus-visible)");
      return width && height && marked ? null : here.outerHTML.slice(0, 90);
    });
    if (lost) found(path, "keyboard", `this stop cannot be seen: ${lost}`);
  }
  const words = await page.evaluate(() => document.querySelector("main")?.innerText.split(/\s+/).length ?? 0);
  if (words < 5) found(path, "without scripts", "there is nothing to read");
  await page.close();
}

for (const path of paths) {
  for (const view of VIEWS) await looked(path, view);
  await walked(path);
}
await browser.close();
await enlarged.close();
