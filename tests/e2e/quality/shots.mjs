// Takes pictures of pages: node shots.mjs BASE FOLDER NAME=PATH… Each picture shows one page on a desk and on a phone,
// light above dark. `home` is there alone, too, as a desk shows it: for the README.
import puppeteer from "puppeteer-core";

const [base, folder, ...wanted] = process.argv.slice(2);
const SCREENS = [{ width: 1280, height: 1400 }, { width: 390, height: 1400 }];
const SCALE = 0.5, GAP = 24, QUALITY = 60;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars"],
});

async function taken(path, screen, scheme, how) {
  const page = await browser.newPage();
  await page.setViewport(screen);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(base + path, { waitUntil: "networkidle0" });
  await page.evaluate(async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => null))]);
  });
  const picture = await page.screenshot(how);
  await page.close();
  return picture;
}

async function sheet(path, file) {
  const pictures = [];
  for (const scheme of ["light", "dark"]) {
    for (const screen of SCREENS) {
      const picture = await taken(path, screen, scheme, { type: "png", encoding: "base64" });
      pictures.push(`<img src="data:image/png;base64,${picture}" width="${screen.width * SCALE}">`);
    }
  }
  const page = await browser.newPage();
  const widths = SCREENS.map((each) => `${each.width * SCALE}px`).join(" ");
  await page.setContent(`<style>body { margin: 0; padding: ${GAP}px; inline-size: max-content; background: #8b8c8e; display: grid; gap: ${GAP}px;
    grid-template-columns: ${widths} } img { display: block }</style>${pictures.join("")}`);
  await (await page.$("body")).screenshot({ path: file, type: "webp", quality: QUALITY });
  await page.close();
}

for (const each of wanted) {
  const [name, path] = each.split("=");
  await sheet(path, `${folder}/${name}.webp`);
  if (path === "/") await taken(path, SCREENS[0], "light", { path: `${folder}/front-page.webp`, type: "webp", quality: QUALITY });
}
await browser.close();
