// The address names the tab, so that a reload, a reconnect and a link land on it.
const tabs = () => [...document.querySelectorAll('#tabs > .tab-wrapper [role=tab]')];
const wanted = new URLSearchParams(location.search).get('tab');
const note = () => {
  const shown = tabs().find(tab => tab.ariaSelected === 'true')?.dataset.tabId;
  const address = new URL(location);
  if (!shown || address.searchParams.get('tab') === shown) return;
  address.searchParams.set('tab', shown);
  history.replaceState(history.state, '', address);
};
tabs().find(tab => tab.dataset.tabId === wanted)?.click();
new MutationObserver(note).observe(
  document.querySelector('#tabs > .tab-wrapper'),
  {attributes: true, attributeFilter: ['aria-selected'], subtree: true});
