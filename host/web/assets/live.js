// Live counts. New mail waits as "n new": the list never moves by itself.
let stream = null;
let lostTimer;
const lost = (is) => { const line = $('.list .lost'); if (line) line.hidden = !is; };
// Who else looks at what: initials in the row, names on the ticket.
let looking = {};
const showLooking = () => {
  const names = (people) => people.map((one) => one.name).join(', ');
  const words = $('.list')?.dataset.looking || '#';
  for (const row of $$('.row')) {
    const people = looking[row.dataset.number] || [];
    const place = $('.looking', row);
    if (!place) continue;
    place.textContent = people.map((one) => one.short).join(' ');
    place.title = people.length ? words.replace('#', names(people)) : '';
  }
  const too = $('.looking-too');
  if (!too) return;
  const here = looking[$('.reader')?.dataset.number] || [];
  too.hidden = !here.length;
  too.textContent = here.length ? too.dataset.words.replace('#', names(here)) : '';
};

// The stream says which ticket is open. Another one begins it anew, from the same mark: what is new stays new.
const lookAt = (number) => {
  const list = $('.list[data-live]');
  if (!list) return;
  const address = new URL(list.dataset.live, location.href);
  if (number) address.searchParams.set('open', number); else address.searchParams.delete('open');
  const path = address.pathname + address.search;
  if (path !== list.dataset.live) { list.dataset.live = path; startLive(); }
};

const startLive = () => {
  stream?.close();
  const list = $('.list[data-live]');
  if (!list || !window.EventSource) return;
  stream = new EventSource(list.dataset.live);
  stream.addEventListener('open', () => { clearTimeout(lostTimer); lostTimer = undefined; lost(false); });
  stream.addEventListener('error', () => { lostTimer ??= setTimeout(() => lost(true), 4000); });
  stream.addEventListener('counts', (event) => {
    for (const [view, n] of Object.entries(JSON.parse(event.data))) {
      $$(`[data-view="${CSS.escape(view)}"] .n`).forEach((b) => { b.textContent = n > 1000 ? '1000+' : n; b.classList.toggle('none', n === 0); });
    }
  });
  stream.addEventListener('looking', (event) => { looking = JSON.parse(event.data); showLooking(); });
  stream.addEventListener('fresh', (event) => {
    const { n, words } = JSON.parse(event.data);
    const banner = $('.fresh', list);
    banner.hidden = !n;
    $('.n', banner).textContent = words;
  });
};
addEventListener('pagehide', () => stream?.close());
addEventListener('pageshow', (event) => { if (event.persisted) startLive(); });

// What a worker is still at: the parts of the page that show it are looked at again, less and less often.
const awaitParts = (wait = 500) => {
  if (!$('main [data-part][data-coming]') || wait > 60000) return;
  setTimeout(async () => {
    try {
      const response = await fetch(location.href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      for (const part of $$('main [data-part]')) {
        const fresh = $(`main [data-part="${CSS.escape(part.dataset.part)}"]`, page);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceWith(fresh);
      }
    } catch { /* offline: the next look may do better */ }
    awaitParts(wait * 1.4);
  }, wait);
};

// Replies that go out by themselves: how long each can still be stopped. Without the script its time stands there.
let leavingTimer;
const startLeaving = () => {
  clearInterval(leavingTimer);
  const spans = $$('.leaving[data-until-ms]').map((span) => ({ span, end: Date.now() + (Number(span.dataset.untilMs) - Number(span.dataset.nowMs)) }));
  if (!spans.length) return;
  const tick = () => {
    for (const { span, end } of spans) {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      $('span', span).textContent = `${span.dataset.words} ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    }
  };
  tick();
  leavingTimer = setInterval(tick, 1000);
};

let undoTimer;
const startUndo = () => {
  clearInterval(undoTimer);
  const span = $('.undo .counting');
  if (!span) return;
  // The server's clock rules: only the difference counts here.
  const end = Date.now() + (Number(span.dataset.untilMs) - Number(span.dataset.nowMs));
  const seconds = document.createElement('b');
  span.replaceChildren(`${span.dataset.words} `, seconds, ` ${span.dataset.unit}`);
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    seconds.textContent = left;
    if (left <= 0) { clearInterval(undoTimer); span.closest('.undo').remove(); }
  };
  tick();
  undoTimer = setInterval(tick, 250);
};
