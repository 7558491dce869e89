// A button that is pressed while the server cannot be reached says so, and that nothing was done.
const EVERY_MS = 2000;
let notice = null;
const reach = () => fetch(location.pathname, {method: 'HEAD', cache: 'no-store'});
const takeBack = () => reach().then(
  () => { notice?.remove(); notice = null; },
  () => setTimeout(takeBack, EVERY_MS));
const say = () => {
  if (notice) return;
  notice = document.createElement('div');
  notice.className = 'ti-offline';
  notice.setAttribute('role', 'alert');
  notice.textContent = 'This page cannot reach its server, so the button did nothing. Check that '
    + 'the program still runs; this line goes away when it answers, then press again.';
  document.body.append(notice);
  setTimeout(takeBack, EVERY_MS);
};
document.addEventListener('click', event => {
  if (event.target.closest('button[id$="-button"]:not([role=tab]), button[data-do]')) {
    reach().catch(say);
  }
}, true);
