export const data = { permalink: "/sitemap.xml" };

export const render = ({ collections }) => `<?xml version="1.0" encoding="utf-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${
  collections.articles.map((each) => `<url><loc>http://localhost:8080${each.url}</loc><lastmod>${each.date.toISOString()}</lastmod></url>`).join("")}</urlset>`;
