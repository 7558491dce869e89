// Ctrl+Enter presses the main button of the tab that is seen.
const isSeen = button => button.checkVisibility({visibilityProperty: true});
document.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  const main = [...document.querySelectorAll('#tabs button.primary')].find(isSeen);
  if (!main || main.disabled) return;
  event.preventDefault();
  const field = document.activeElement;
  // What was typed into a drop-down counts when it is left.
  if (field?.role === 'listbox') field.blur();
  requestAnimationFrame(() => main.click());
});
