// Puts the reader's own time before the UTC that the server wrote. Called again for what comes in later.
'use strict';

{
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

  const showLocal = (root) => {
    for (const time of root.querySelectorAll('time[data-local]')) {
      const at = new Date(time.dateTime);
      const utc = time.textContent;
      if (time.dataset.local === 'day') {
        time.title = utc;
        time.textContent = day.format(at);
      } else {
        time.textContent = `${minute.format(at)} (${utc})`;
      }
      delete time.dataset.local;
    }
  };

  globalThis.showLocalTimes = showLocal;
  showLocal(document);
}
