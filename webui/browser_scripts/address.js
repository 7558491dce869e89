// The address names the tab, and of a tab in parts the part, so that a reload, a reconnect and a link
// land on it.
const wanted = new URLSearchParams(location.search);
const PARTS = ':scope > .tab-wrapper [role=tab]';
const tabsOf = box => box ? [...box.querySelectorAll(PARTS)] : [];
const page = document.querySelector('#tabs');
const parts = () => [...page.querySelectorAll('[id$="-parts"].tabs')].find(box => box.checkVisibility());
const shown = box => tabsOf(box).find(tab => tab.ariaSelected === 'true')?.dataset.tabId;

function note() {
  const address = new URL(location), tab = shown(page);
  if (!tab) return;
  const inner = tabsOf(parts());
  const part = inner.find(one => one.ariaSelected === 'true');
  address.searchParams.set('tab', tab);
  // The first part is where one lands anyway.
  if (part && part !== inner[0]) address.searchParams.set('part', part.dataset.tabId);
  else address.searchParams.delete('part');
  if (address.href !== location.href) history.replaceState(history.state, '', address);
}

// A tab draws its parts when it is opened.
function openPart() {
  const tab = tabsOf(parts()).find(one => one.dataset.tabId === wanted.get('part'));
  tab?.click();
  return Boolean(tab);
}

tabsOf(page).find(tab => tab.dataset.tabId === wanted.get('tab'))?.click();
if (wanted.get('part') && !openPart()) {
  const waiting = new MutationObserver(() => { if (openPart()) waiting.disconnect(); });
  waiting.observe(page, {childList: true, subtree: true});
}
new MutationObserver(note).observe(
  page, {attributes: true, attributeFilter: ['aria-selected'], subtree: true});
