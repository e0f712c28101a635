/** What Elysia's router needs of a request. */

/** It looks for a URL's path from here on. */
const PATH_SEARCHED_FROM = 11;

/** The request, under a longer host where its own is so short that the router would miss the path. */
export function routable(request: Request): Request {
  const { url } = request;
  const path = url.indexOf("/", url.indexOf("://") + 3);
  if (path >= PATH_SEARCHED_FROM) return request;
  return new Request(`http://localhost${url.slice(path)}`, request);
}
