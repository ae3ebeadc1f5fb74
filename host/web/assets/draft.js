// The editor: what was filled in is tinted, what is typed is kept on this device until it is saved.
const draftForm = () => $('.reply form');

// Writes down what stands in the editor, at once.
let keepDraft = () => {};
addEventListener('pagehide', () => keepDraft());

const escapeRegExp = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const paint = (area, mirror) => {
  const filled = JSON.parse(area.dataset.filled || '[]').filter((value) => value.length > 1);
  const gaps = JSON.parse(area.dataset.unfilled || '[]');
  const places = JSON.parse(area.dataset.found || '[]');
  const words = ['\\{\\{[^{}\\n]{1,66}\\}\\}', ...places.map(escapeRegExp), ...gaps.flatMap((g) => [`{{\\s*${escapeRegExp(g)}\\s*}}`, `\\{${escapeRegExp(g)}\\}`, `\\[${escapeRegExp(g)}\\]`]), ...filled.map(escapeRegExp)];
  mirror.replaceChildren();
  const text = `${area.value}\n`;
  const pattern = new RegExp(words.join('|'), 'g');
  let done = 0;
  for (const found of text.matchAll(pattern)) {
    mirror.append(text.slice(done, found.index));
    const mark = document.createElement('mark');
    mark.className = places.includes(found[0]) || /^[{[]/.test(found[0]) ? 'gap' : '';
    mark.textContent = found[0];
    mirror.append(mark);
    done = found.index + found[0].length;
  }
  mirror.append(text.slice(done));
};

const prepareDraft = () => {
  const form = draftForm();
  if (!form || form.dataset.ready) return;
  form.dataset.ready = '1';
  const area = $('#body', form);
  const { script } = $('.marks', form).dataset;
  if (!$(`script[src='${script}']`)) document.head.append(Object.assign(document.createElement('script'), { src: script }));
  const mirror = document.createElement('div');
  mirror.className = 'mirror';
  mirror.setAttribute('aria-hidden', 'true');
  mirror.dir = 'auto';
  area.before(mirror);
  const fit = () => { if (!CSS.supports('field-sizing', 'content')) { area.style.height = 'auto'; area.style.height = `${area.scrollHeight}px`; } };
  const draw = () => {
    paint(area, mirror);
    fit();
    const changed = area.value !== area.defaultValue;
    $$('.checks .stale', form).forEach((li) => { li.hidden = !changed; });
    $$('.checks .fine', form).forEach((li) => { li.hidden = changed; });
    $$('.missing [data-ask]').forEach((ask) => ask.classList.toggle('asked', area.value.includes(ask.dataset.ask)));
  };
  const name = `keep:${form.dataset.keep}`;
  // An offer that is not answered is not written over: it is offered again.
  const from = recall(name) ? name : `${name}/before`;
  const offer = recall(from);
  const bar = $('.kept.local', form);
  const unsaved = 'unsaved' in form.dataset;
  // What the desk had kept may be older than what this device has.
  const refused = unsaved && !('typed' in form.dataset);
  const keep = () => {
    if (!form.isConnected) return;
    if (!bar.hidden) remember(`${name}/before`, offer);
    const same = ['body', 'subject', 'to', 'cc'].every((field) => form.elements[field].value === form.elements[field].defaultValue);
    remember(name, same && !unsaved ? null : JSON.stringify(Object.fromEntries(['body', 'subject', 'to', 'cc'].map((f) => [f, form.elements[f].value]))));
    const state = $('.bar .state', form);
    if (!same) state.textContent = state.dataset.saved;
  };
  keepDraft = keep;
  let timer;
  form.addEventListener('checked', draw);
  form.addEventListener('input', () => { draw(); clearTimeout(timer); timer = setTimeout(keep, 300); });
  if (refused) keep();
  const kept = JSON.parse(offer || 'null');
  if (kept && kept.body !== area.value && !refused) {
    bar.hidden = false;
    $('[data-restore]', bar).addEventListener('click', () => { remember(`${name}/before`, null); for (const [field, value] of Object.entries(kept)) form.elements[field].value = value; bar.hidden = true; draw(); keep(); area.focus(); });
    $('[data-discard]', bar).addEventListener('click', () => { remember(`${name}/before`, null); bar.hidden = true; remember(name, null); keep(); area.focus(); });
  }
  draw();
  startTyping(form);
};

// What jobs are still to bring, checks of a text that was just saved and translations: looked for a few times, less and less often.
let comingTimer;
const awaitComing = (wait = 700) => {
  clearTimeout(comingTimer);
  if (!$('[data-coming]') || wait > 40000) return;
  comingTimer = setTimeout(async () => {
    try {
      const { href } = location;
      const response = await fetch(href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (location.href !== href) return;
      const [form, fresh] = [draftForm(), page.querySelector('.reply form')];
      for (const old of $$('[data-coming]')) {
        const brought = page.getElementById(old.id);
        // A text that is still growing is worth a look at once.
        if (brought?.dataset.coming !== undefined && brought.textContent !== old.textContent) wait = 250;
        const within = old.closest('.reply form');
        if (!brought || (within && fresh?.dataset.keep !== form.dataset.keep)) continue;
        old.replaceWith(brought);
        if (old.id !== 'checks') continue;
        $('#body', form).dataset.found = fresh.querySelector('#body').dataset.found;
        form.dispatchEvent(new Event('checked'));
      }
    } catch { /* offline: the next look may do better */ }
    awaitComing(wait * 2);
  }, wait);
};

// A missing piece is one click away from being asked for: where the cursor was left inside the text, else before
// the closing words.
document.addEventListener('click', (event) => {
  const ask = event.target.closest('[data-ask]');
  const area = ask && $('#body');
  if (!area || area.value.includes(ask.dataset.ask)) return;
  const question = ask.dataset.ask;
  const end = area.value.trimEnd().length;
  const inside = area.selectionStart > 0 && area.selectionStart < end;
  let at = inside ? area.selectionStart : area.value.trimEnd().lastIndexOf('\n\n');
  if (at < 0) at = end;
  const before = area.value.slice(0, at);
  const glue = !before || /\s$/.test(before) ? '' : inside ? ' ' : '\n\n';
  area.setRangeText(glue + question, at, at, 'end');
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
});

// On a phone the acts come up above the bar, where the thumb is, and go when one looks elsewhere.
document.addEventListener('click', (event) => {
  const acts = $('#acts');
  if (!acts) return;
  if (event.target.closest('.bar .dots')) {
    event.preventDefault();
    if (acts.classList.toggle('shown')) $('button, summary', acts)?.focus({ preventScroll: true });
  } else if (!event.target.closest('#acts, dialog')) acts.classList.remove('shown');
});

// A picture is shown below the line in which the cursor was left.
document.addEventListener('click', (event) => {
  const button = event.target.closest('.attach [name=show]');
  if (button) button.form.elements.caret.value = $('#body', button.form).selectionStart || '';
});

// A chosen file is added at once; what was typed is saved with it.
document.documentElement.classList.add('scripted');
document.addEventListener('change', (event) => {
  if (!event.target.matches('.attach input[type=file]') || !event.target.files.length) return;
  event.target.form.requestSubmit($('.attach .add', event.target.form));
});
