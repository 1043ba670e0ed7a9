// Looks again every few seconds while somebody can see the page, and shows what has changed. Each look costs a query.
'use strict';

{
  const EVERY_MS = 6_000;
  const SLOWEST_MS = 60_000;
  const place = document.querySelector('[data-live]');
  const news = document.getElementById('live-news');
  let pauseMs = EVERY_MS;
  let timer;

  /** What moves by itself is no change. */
  const contentOf = (element) => {
    const copy = element.cloneNode(true);
    for (const line of copy.querySelectorAll('svg')) line.remove();
    return copy.textContent;
  };

  const show = (html) => {
    const fresh = document.createElement('div');
    fresh.innerHTML = html;
    globalThis.showLocalTimes?.(fresh);
    const hasChanged = contentOf(fresh) !== contentOf(place);
    if (!hasChanged) return;
    const open = [...place.querySelectorAll('details')].map((details) => details.open);
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    place.replaceChildren(...fresh.childNodes);
    place.querySelectorAll('details').forEach((details, index) => (details.open = open[index] ?? false));
    if (focused !== null) place.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    news.textContent = news.dataset.changed;
  };

  const look = async () => {
    const answer = await fetch(place.dataset.live, { cache: 'no-store' }).catch(() => undefined);
    if (answer?.status === 401) return location.reload();
    if (answer?.ok) {
      show(await answer.text());
      pauseMs = EVERY_MS;
      if (answer.headers.get('x-still-running') !== 'true') return undefined;
    } else {
      pauseMs = Math.min(pauseMs * 2, SLOWEST_MS);
    }
    return again();
  };

  const again = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') timer = setTimeout(look, pauseMs);
  };

  if (place !== null) {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void look();
      else again();
    });
    again();
  }
}
