// Takes pictures of pages: node shots.mjs BASE FOLDER NAME=PATH|WIDTH|HEIGHT|SCHEME…
import puppeteer from "puppeteer-core";

const [base, folder, ...wanted] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars"],
});
for (const each of wanted) {
  const [name, what] = each.split("=");
  const [path, width, height, scheme] = what.split("|");
  const page = await browser.newPage();
  await page.setViewport({ width: Number(width), height: Number(height) });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(base + path, { waitUntil: "networkidle0" });
  await page.evaluate(async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => null))]);
  });
  await page.screenshot({ path: `${folder}/${name}.webp`, type: "webp", quality: 62 });
  await page.close();
}
await browser.close();
