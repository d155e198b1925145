// The same card with satori and resvg: HTML-like boxes to SVG, SVG to PNG (it writes no JPEG).
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import satori from "satori";
import { Resvg } from "@resvg/resvg-js";

const asked = JSON.parse(readFileSync(0, "utf8"));
const picture = `data:image/jpeg;base64,${readFileSync(asked.picture).toString("base64")}`;
const font = (name, file, weight) => ({ name, data: readFileSync(join("node_modules", file)), weight, style: "normal" });
const fonts = [
  font("Newsreader", "@fontsource/newsreader/files/newsreader-latin-600-normal.woff", 600),
  font("Noto Sans", "@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff", 400),
  font("Arabic", "@fontsource/noto-sans-arabic/files/noto-sans-arabic-arabic-600-normal.woff", 600),
  font("Japanese", "@fontsource/noto-serif-jp/files/noto-serif-jp-japanese-600-normal.woff", 600),
  font("Devanagari", "@fontsource/noto-serif-devanagari/files/noto-serif-devanagari-devanagari-600-normal.woff", 600),
];
const box = (style, children) => ({ type: "div", props: { style: { display: "flex", ...style }, children } });

async function draw(words) {
  const size = words.headline.length < 60 ? 80 : 68;
  const tree = box({ width: 1200, height: 630, position: "relative", color: "white", fontFamily: "Newsreader, Arabic, Japanese, Devanagari" }, [
    { type: "img", props: { src: picture, width: 1200, height: 750, style: { position: "absolute", top: -60, left: 0 } } },
    box({ position: "absolute", top: 0, left: 0, width: 1200, height: 630, backgroundImage: "linear-gradient(transparent, rgba(11,12,14,0.9))" }, []),
    box({ position: "absolute", left: 72, bottom: 54, width: 1056, flexDirection: "column" }, [
      box({ height: 1, width: 1056, backgroundColor: "white" }, []),
      box({ height: 6, width: 72, backgroundColor: words.colours[1] }, []),
      box({ justifyContent: "space-between", marginTop: 10, fontSize: 25, fontFamily: "Noto Sans" }, [words.section, words.newspaper]),
      box({ fontSize: size, fontWeight: 600, lineHeight: 1.1, marginTop: 16 }, words.headline),
      box({ fontSize: 25, marginTop: 16, fontFamily: "Noto Sans" }, `${words.byline} · ${words.date}`),
    ]),
  ]);
  const svg = await satori(tree, { width: 1200, height: 630, fonts });
  return new Resvg(svg).render().asPng();
}

const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const found = {};
for (const [name, words] of Object.entries(asked.cards)) {
  const spent = [];
  let body;
  for (let time = 0; time <= asked.times; time++) {
    const before = cpu();
    body = await draw(words);
    spent.push(cpu() - before);
  }
  found[name] = { ms: spent.slice(1).sort((one, other) => one - other), bytes: body.length };
  writeFileSync(join(asked.folder, `satori-${name}.png`), body);
}
console.log(JSON.stringify({ cards: found, peak_mb: Math.round(process.resourceUsage().maxRSS / 1024) }));
