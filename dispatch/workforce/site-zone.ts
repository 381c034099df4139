// Which zone a site lies in: its own dispatch area, else its region. Who may come is judged by it; its taxes go by another.

/** SQL of a site's zone, null where neither is known; `site` is the alias of the row in `sites`. */
export const zoneOfSite = (site: string): string =>
  `coalesce(nullif(trim(${site}.zone), ''), nullif(trim(${site}.region), ''))`;
