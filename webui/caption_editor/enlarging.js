// The large picture closes by a click, by its button and by Escape.
const shut = () => element.querySelector('dialog')?.close();
watch('value', () => {
  const dialog = element.querySelector('dialog');
  if (dialog && !dialog.open) dialog.showModal();
});
element.addEventListener('click', shut);
