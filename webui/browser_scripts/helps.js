// Joins a field with its help for those who hear the page, and names what Gradio leaves unnamed.
let isDue = false;
const fieldsOf = block => block.matches('fieldset')
  ? [block] : [...block.querySelectorAll('input, textarea')];
const join = () => {
  isDue = false;
  for (const help of document.querySelectorAll('.block[id] .info-text:not([id])')) {
    const block = help.closest('.block[id]');
    help.id = `${block.id}-help`;
    for (const field of fieldsOf(block)) field.setAttribute('aria-describedby', help.id);
  }
  // A label on an element without a role is not read.
  for (const empty of document.querySelectorAll('.empty[aria-label]:not([role])')) {
    empty.setAttribute('role', 'img');
  }
};
// A group or a tab is drawn when it is first opened.
new MutationObserver(() => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(join);
}).observe(document.querySelector('#tabs'), {childList: true, subtree: true});
join();
