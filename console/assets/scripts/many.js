// Checks and files a chosen file without asking for it twice, and shows how far it has come.
'use strict';

{
  const checkForm = document.getElementById('check-form');
  const result = document.getElementById('result');
  const faults = document.getElementById('faults-place');
  const status = document.getElementById('check-status');
  const chosen = () => checkForm.querySelector('input[type="file"]').files[0];

  const send = async (path, batch, headers = {}) => {
    const body = new FormData();
    body.append('batch', batch);
    body.append('file', chosen());
    const answer = await fetch(path, { method: 'POST', body, headers });
    if (answer.status === 401) location.assign('/many');
    return answer;
  };

  /** What was checked is what is filed. */
  const forget = () => {
    result.replaceChildren();
    faults.replaceChildren();
  };

  const showPage = (html) => {
    const page = new DOMParser().parseFromString(html, 'text/html');
    if (page.getElementById('result') === null) {
      // Another page than this one, such as that Temporal is away.
      return document.querySelector('main').replaceChildren(...page.querySelector('main').childNodes);
    }
    const part = (id) => page.getElementById(id)?.childNodes ?? [];
    faults.replaceChildren(...part('faults-place'));
    result.replaceChildren(...part('result'));
    prepareFiling();
    (document.getElementById('faults') ?? document.getElementById('found'))?.focus();
  };

  const check = async () => {
    const button = checkForm.querySelector('button');
    button.disabled = true;
    status.textContent = checkForm.dataset.checking;
    result.replaceChildren();
    const answer = await send('/many/check', checkForm.elements.batch.value).catch(() => undefined);
    status.textContent = '';
    button.disabled = false;
    if (answer === undefined) checkForm.submit();
    else showPage(await answer.text());
  };

  /** The lines of a stream. */
  async function* linesOf(stream) {
    let rest = '';
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      yield* lines;
    }
  }

  const csvOf = (rows) => {
    const cell = (value) =>
      `"${String(value)
        .replace(/^[=+\-@\t\r]/, "'$&")
        .replaceAll('"', '""')}"`;
    const lines = rows.flatMap(({ line, problems }) =>
      problems.map(({ field, problem }) => [line, field, problem].map(cell).join(',')),
    );
    return ['line,field,problem', ...lines, ''].join('\r\n');
  };

  const file = async (form) => {
    const progress = document.getElementById('file-progress');
    const told = document.getElementById('file-status');
    form.querySelector('button').disabled = true;
    progress.hidden = false;
    const refused = [];
    let done = 0;
    let end;
    try {
      const answer = await send('/many/file', form.elements.batch.value, { accept: 'application/x-ndjson' });
      // A page that says why nothing was filed.
      if (!answer.ok) return showPage(await answer.text());
      for await (const line of linesOf(answer.body)) {
        const row = JSON.parse(line);
        if (row.end !== undefined) {
          end = row;
        } else {
          done += 1;
          progress.value = done;
          if (row.problems.length > 0) refused.push(row);
          if (done % 50 === 0) told.textContent = `${form.dataset.filing} ${done}`;
        }
      }
    } catch {
      // Said below: without an end it was broken off.
    }
    showEnd(form, end, refused);
  };

  const showEnd = (form, end, refused) => {
    const summary = document.createElement('div');
    summary.className = end?.end === 'complete' ? 'panel good' : 'panel warn';
    summary.setAttribute('role', 'status');
    summary.tabIndex = -1;
    const words = { new: 'data-new', duplicate: 'data-duplicate', failed: 'data-failed', rejected: 'data-rejected' };
    const counts = Object.entries(words)
      .filter(([name]) => end !== undefined && (end[name] > 0 || name === 'new'))
      .map(([name, attribute]) => `${end[name]} ${form.getAttribute(attribute)}`);
    const sentence = document.createElement('p');
    const ending = end === undefined ? form.dataset.broken : form.getAttribute(`data-end-${end.end}`);
    sentence.textContent = [ending, end?.detail, counts.join(', ')].filter(Boolean).join(' ');
    summary.append(sentence);
    if (refused.length > 0) {
      const link = document.createElement('a');
      link.download = 'rejected-rows.csv';
      link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(refused))}`;
      link.textContent = form.dataset.download;
      summary.append(link);
    }
    const inbox = document.createElement('p');
    const toInbox = document.createElement('a');
    toInbox.href = '/';
    toInbox.className = 'button';
    toInbox.textContent = form.dataset.inbox;
    inbox.append(toInbox);
    summary.append(inbox);
    form.replaceWith(summary);
    summary.focus();
  };

  const prepareFiling = () => {
    const form = document.getElementById('file-form');
    if (form === null || chosen() === undefined) return;
    for (const part of form.querySelectorAll('[data-without-script]')) part.remove();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void file(form);
    });
  };

  checkForm?.addEventListener('change', forget);
  checkForm?.addEventListener('submit', (event) => {
    event.preventDefault();
    void check();
  });
}
