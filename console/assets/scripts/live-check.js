// Checks a form while it is filled in: what the server shows of it takes the place of what stands there. Nothing is filed.
'use strict';

{
  const PAUSE_MS = 600;
  const form = document.querySelector('form[data-live-check]');
  const partsOf = (root) => root.querySelector('#preview');
  const touched = new Set();
  let timer;
  let underWay;

  // The reader's own time zone, where nobody has chosen another.
  const zones = form.elements.namedItem('timeZone');
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isFresh = form.dataset.fresh === 'true';
  if (isFresh) form.querySelector('[data-live-status]').textContent = form.dataset.live;
  if (zones && own && isFresh) {
    if (![...zones.options].some(({ value }) => value === own)) zones.add(new Option(own, own));
    zones.value = own;
  }

  const say = (words) => {
    form.querySelector('[data-live-status]').textContent = words;
  };

  const showFaults = (page) => {
    for (const name of touched) {
      const here = fieldOf(form, name);
      const there = fieldOf(page, name);
      if (!here || !there) continue;
      here.querySelector('.fault')?.remove();
      const fault = there.querySelector('.fault');
      const input = here.querySelector('input, select');
      const checked = there.querySelector('input, select');
      if (fault) input.before(document.importNode(fault, true));
      here.className = there.className;
      for (const attribute of ['aria-invalid', 'aria-describedby']) {
        const value = checked.getAttribute(attribute);
        if (value === null) input.removeAttribute(attribute);
        else input.setAttribute(attribute, value);
      }
    }
  };

  const fieldOf = (root, name) => root.querySelector(`[name="${CSS.escape(name)}"]`)?.closest('.field');

  const check = async () => {
    underWay?.abort();
    const { signal } = (underWay = new AbortController());
    const preview = partsOf(form);
    preview.setAttribute('aria-busy', 'true');
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: 'POST', body, signal, cache: 'no-store' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const checked = partsOf(page);
      if (checked === null) throw new Error(`The check was answered ${answer.status}`);
      // Being pressed: it is checked there once more.
      if (preview.querySelector('button:active')) return;
      const hadFocus = preview.contains(document.activeElement);
      // What it says is read out where it changes: the element that says it stays.
      const words = checked.querySelector('[data-live-status]').textContent;
      checked.querySelector('[data-live-status]').remove();
      for (const part of preview.querySelectorAll(':scope > :not([data-live-status])')) part.remove();
      preview.append(...[...checked.children].map((part) => document.importNode(part, true)));
      globalThis.showLocalTimes(preview);
      if (hadFocus) preview.querySelector('button')?.focus();
      const isReady = preview.querySelector('button') !== null;
      say(isReady || touched.size > 0 ? words : form.dataset.live);
      showFaults(page);
    } catch (error) {
      if (signal.aborted) return;
      say(form.dataset.failed);
      throw error;
    } finally {
      if (!signal.aborted) preview.removeAttribute('aria-busy');
    }
  };

  const soon = (pauseMs) => {
    clearTimeout(timer);
    timer = setTimeout(check, pauseMs);
  };

  form.addEventListener('input', () => soon(PAUSE_MS));
  form.addEventListener('change', ({ target }) => {
    touched.add(target.name);
    soon(0);
  });
  // What is on its way to be filed must not be checked over.
  form.addEventListener('submit', () => {
    clearTimeout(timer);
    underWay?.abort();
  });
}
