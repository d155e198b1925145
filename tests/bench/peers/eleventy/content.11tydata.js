export default { layout: "article.njk", permalink: (data) => data.url };
