// Puts the reader's own time before the UTC that the server wrote. Called again for what comes in later.
'use strict';

{
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

  const showLocal = (root) => {
    for (const time of root.querySelectorAll('time[data-local]')) {
      const at = new Date(time.dateTime);
      const utc = time.textContent;
      time.textContent = `${(time.dataset.local === 'day' ? day : minute).format(at)} (${utc})`;
      delete time.dataset.local;
    }
  };

  globalThis.showLocalTimes = showLocal;
  showLocal(document);
}
