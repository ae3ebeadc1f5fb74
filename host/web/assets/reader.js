// Opening a ticket and acting on it swaps the reader; the list stays where it is.
let asked = 0;
const load = async (request, { push = true, list = false, focus = false, sent = null } = {}) => {
  const turn = ++asked;
  document.body.classList.add('busy');
  try {
    const response = await fetch(request, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (turn !== asked) return null;
    if (!page.body.classList.contains('desk')) {
      if (request.method !== 'POST') location.href = response.url;
      // The session has ended: this page again leads to the sign-in and back here, where the kept text is offered.
      else if (response.status === 401) location.reload();
      else refuse([...page.querySelectorAll('main h1, main h1 + p')].map((part) => part.textContent).join(': '));
      return null;
    }
    // The answer to a form that was not followed by another page has no address of its own.
    show(page, response.url, { push: push && (request.method !== 'POST' || response.redirected), list: list || !response.ok, focus, sent });
    return response;
  } catch {
    if (turn === asked) lost(true);
    return null;
  } finally {
    if (turn === asked) document.body.classList.remove('busy');
  }
};

// What was not done is said; the page stays as it is.
const refuse = (words) => {
  const note = document.createElement('p');
  note.className = 'note refused';
  note.textContent = words;
  $('#notices').replaceChildren(note);
};

const show = (page, url, { push, list, focus, sent }) => {
  const take = (selector) => page.querySelector(selector);
  const reader = take('.reader');
  const old = $('.reader');
  const oldList = $('.list');
  const newList = take('.list');
  if (!newList || !oldList) { location.href = url; return; }
  document.title = page.title;
  document.body.className = page.body.className;
  document.body.dataset.csrf = page.body.dataset.csrf;
  keepDraft();
  const typed = reader && old && reader.dataset.number === old.dataset.number && sent ? typedOn(sent) : null;
  if (!typed) keepTyped({ last: true });
  if (old) old.remove();
  if (list) {
    const top = oldList.scrollTop;
    oldList.replaceWith(newList);
    newList.scrollTop = top;
    startLive();
  } else {
    $$('.row > a[aria-current]', oldList).forEach((a) => a.removeAttribute('aria-current'));
    const number = reader && reader.dataset.number;
    const row = number && $(`.row[data-number="${CSS.escape(number)}"] > a`, oldList);
    if (row) { row.setAttribute('aria-current', 'true'); row.scrollIntoView({ block: 'nearest' }); }
  }
  // The list is the page's main part only while no ticket stands beside it.
  for (const name of ['id', 'role']) {
    if (newList.hasAttribute(name)) $('.list').setAttribute(name, newList.getAttribute(name)); else $('.list').removeAttribute(name);
  }
  if (reader) $('.list').after(reader);
  if (!list) lookAt(reader?.dataset.number);
  showLooking();
  $('#notices').replaceWith(take('#notices'));
  // What was just done is said once; the address that is kept does not say it again.
  const address = new URL(url);
  address.searchParams.delete('done');
  address.searchParams.delete('of');
  address.searchParams.delete('was');
  address.searchParams.delete('bulk');
  address.searchParams.delete('mail');
  if (push && address.href !== location.href) history.pushState(null, '', address);
  countPicks();
  if (reader && focus) $('#main').focus({ preventScroll: true });
  if (innerWidth <= 720) scrollTo(0, 0);
  prepare();
  if (typed) goOnWith(typed);
};

// What stands in the reply; and what was typed there since a form was sent, for the editor that comes in its place. A text that the desk
// has a newer revision of is not put over that: it is offered.
const replyFields = ['body', 'subject', 'to', 'cc'];
const replyNow = () => { const form = draftForm(); return form && JSON.stringify(replyFields.map((name) => form.elements[name].value)); };
const replyWas = (form) => JSON.stringify(replyFields.map((name) => form.elements[name].defaultValue));
const typedOn = (sent) => {
  const form = draftForm();
  if (!form || replyNow() === (sent.own ? sent.reply : replyWas(form))) return null;
  return { values: JSON.parse(replyNow()), key: sent.own ? null : form.dataset.keep, at: $('#body', form).selectionStart, writing: form.contains(document.activeElement) };
};
const goOnWith = ({ values, key, at, writing }) => {
  const form = draftForm();
  if (!form || (key && form.dataset.keep !== key)) return;
  replyFields.forEach((name, index) => { form.elements[name].value = values[index]; });
  $('.kept.local', form).hidden = true;
  const area = $('#body', form);
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.setSelectionRange(at, at);
  if (writing) area.focus({ preventScroll: true });
};

// Everything that a freshly drawn page needs.
let noteTimer;
const fadeNote = () => { clearTimeout(noteTimer); const note = $('.notices .note:not(.refused)'); if (note) noteTimer = setTimeout(() => note.remove(), 7000); };
const prepare = () => { prepareDraft(); prepareNotes(); prepareTexts(); $('.difference')?.scrollIntoView({ block: 'nearest' }); awaitComing(); startUndo(); startLeaving(); fadeNote(); $$('[data-open][hidden]').forEach((button) => { button.hidden = false; }); };

const rowLinks = () => $$('.row > a');
const openRow = (link, focus = false) => load(link.href, { focus });
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target.closest('.row > a, .ticket-head .back, .drafts nav a');
  if (!link || link.target) return;
  event.preventDefault();
  load(link.href, { focus: true });
});
addEventListener('popstate', () => load(location.href, { push: false }));

// Forms of the reader and the undo bar: posted in place. What was typed is kept until the desk has taken it.
document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (event.defaultPrevented || event.submitter?.formTarget || form.method !== 'post' || !form.closest('.reader, .notices') && !form.matches('.undo, .bulk')) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  keepDraft();
  form.dataset.busy = '1';
  const button = event.submitter;
  const fields = new FormData(form, button);
  // Files go with the button that adds them, and with no other.
  const withFiles = button?.formEnctype === 'multipart/form-data';
  if (!withFiles) fields.delete('file');
  const body = withFiles ? fields : new URLSearchParams(fields);
  const sent = { own: !!form.dataset.keep, reply: replyNow() };
  const kept = $$('[data-keeps]', form).filter((field) => !form.dataset.keep || button?.name === 'misfit').map((field) => [field, field.value]);
  const response = await load(new Request(button?.getAttribute('formaction') ? button.formAction : form.action, { method: 'POST', body }), { list: true, focus: true, sent });
  // Taken, or back in the editor under the key of a newer revision.
  if (response && form.dataset.keep && (response.redirected || draftForm()?.dataset.keep !== form.dataset.keep)) remember(`keep:${form.dataset.keep}`, null);
  // Unless it was typed on meanwhile.
  if (response?.ok) kept.filter(([field, value]) => field.value === value).forEach(([field, value]) => {
    remember(`keep:${field.dataset.keeps}`, null);
    const fresh = $(`[data-keeps="${CSS.escape(field.dataset.keeps)}"]`);
    if (fresh?.value !== value) return;
    fresh.value = fresh.defaultValue;
    const fold = fresh.closest('details:not(.menu, .tool)');
    if (fold) fold.open = false;
  });
  delete form.dataset.busy;
});
