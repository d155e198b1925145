// The same newspaper in Eleventy: article pages, home, sections, topics, authors, three feeds each, a sitemap.
const PAGE = 30;
const FEED = 20;
const slug = (name) => name.toLowerCase().replaceAll(" ", "-");

export default function (config) {
  config.setQuietMode(true);
  config.addFilter("slug", slug);
  config.addFilter("iso", (date) => date.toISOString());
  config.addFilter("day", (date) => date.toLocaleDateString("en-US", { dateStyle: "long", timeZone: "America/New_York" }));
  config.addFilter("rfc2822", (date) => date.toUTCString());
  config.addFilter("take", (list, count) => list.slice(0, count));
  config.addFilter("minutes", (text) => Math.max(1, Math.round(text.split(/\s+/).length / 240)));
  config.addFilter("json", (value) => JSON.stringify(value).replaceAll("<", "\\u003c"));

  let kept;
  config.on("eleventy.before", () => { kept = undefined; });
  const archive = (api) => {
    if (kept) return kept;
    const all = api.getFilteredByGlob("content/**/*.md").sort((a, b) => b.date - a.date);
    const lists = new Map([["/", { title: "The Alder Courier", path: "/", items: all }]]);
    const into = (path, title, item) => {
      if (!lists.has(path)) lists.set(path, { title, path, items: [] });
      lists.get(path).items.push(item);
    };
    const last = new Map();
    for (const each of all) {
      const { desk, sub, authors, topics } = each.data;
      into(`/${desk}/`, desk, each);
      if (sub) into(`/sub/${sub}/`, sub, each);
      for (const name of authors) into(`/authors/${slug(name)}/`, name, each);
      for (const name of topics) into(`/topics/${slug(name)}/`, name, each);
      const newer = last.get(desk);
      each.data.newer = newer;
      if (newer) newer.data.older = each;
      last.set(desk, each);
    }
    for (const each of all) {
      const found = each.data.topics.flatMap((name) => {
        const items = lists.get(`/topics/${slug(name)}/`).items;
        return items.slice(items.indexOf(each) + 1, items.indexOf(each) + 3);
      });
      each.data.also = [...new Set(found)].slice(0, 4);
    }
    const sections = [...new Set(all.map((each) => each.data.desk))].sort();
    const rails = {
      picks: all.filter((each) => each.data.form === "analysis").slice(0, 1),
      trending: all.filter((each) => each.data.desk === "trending").slice(0, 5),
      opinion: all.filter((each) => each.data.form === "opinion").slice(0, 4),
    };
    kept = { all, lists: [...lists.values()], sections, rails };
    return kept;
  };
  config.addCollection("articles", (api) => archive(api).all);
  config.addCollection("sections", (api) => archive(api).sections);
  config.addCollection("rails", (api) => archive(api).rails);
  config.addCollection("strips", (api) => archive(api).lists.filter((each) => archive(api).sections.includes(each.title)));
  config.addCollection("feeds", (api) => archive(api).lists.map((each) => ({ ...each, items: each.items.slice(0, FEED) })));
  config.addCollection("pages", (api) => archive(api).lists.filter((each) => each.path !== "/").flatMap((each) => {
    const count = Math.ceil(each.items.length / PAGE);
    return Array.from({ length: count }, (_, n) => ({
      title: each.title,
      path: n ? `${each.path}page/${n + 1}/` : each.path,
      newer: n === 1 ? each.path : n > 1 ? `${each.path}page/${n}/` : "",
      older: n + 1 < count ? `${each.path}page/${n + 2}/` : "",
      items: each.items.slice(n * PAGE, (n + 1) * PAGE),
    }));
  }));
  return { dir: { input: ".", includes: "_includes", output: "_site" }, markdownTemplateEngine: false };
}
