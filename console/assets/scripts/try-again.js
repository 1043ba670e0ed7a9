// Asks for the page again while it could not be shown. A form is not sent again.
'use strict';

{
  const PAUSE_MS = 10_000;
  setInterval(async () => {
    const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store' }).catch(() => undefined);
    if (answer?.ok) location.assign(location.href);
  }, PAUSE_MS);
}
