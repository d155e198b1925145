export const data = { pagination: { data: "collections.feeds", size: 1, alias: "list" }, permalink: ({ list }) => `${list.path}feed.json` };

export const render = ({ list }) => JSON.stringify({
  version: "https://jsonfeed.org/version/1.1",
  title: list.title,
  home_page_url: `http://localhost:8080${list.path}`,
  items: list.items.map((each) => ({
    id: `urn:uuid:${each.data.id}`, url: `http://localhost:8080${each.url}`, title: each.data.title,
    summary: each.data.description, date_published: each.date.toISOString(), content_html: each.templateContent, tags: each.data.topics,
  })),
});
