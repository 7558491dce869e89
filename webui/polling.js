// Asks every second for news: draws what the answer holds, and has the groups with news drawn.
const EVERY_MS = 1000;
const inside = id => document.querySelector(`[id="${id}"] .prose`);
const ask = async () => {
  // By the element, so that one that was made anew is drawn again.
  const shown = props.ids.map(id => [id, inside(id)]).filter(([, html]) => html);
  const {groups, html} = await server.look(
    Object.fromEntries(shown.map(([id, drawn]) => [id, drawn.tiState ?? ''])));
  for (const [id, drawn] of shown) {
    if (!html[id]) continue;
    drawn.dispatchEvent(new CustomEvent('ti-draw', {detail: html[id][1]}));
    drawn.tiState = html[id][0];
  }
  for (const [name, state] of Object.entries(groups)) {
    const drawn = inside(`news-${name}`);
    if (drawn && drawn.textContent.trim() !== state) drawn.dispatchEvent(new Event('news'));
  }
};
let last = Promise.resolve();
// One after the other; a server that cannot be reached is asked again.
const look = () => last = last.then(ask).catch(() => {});
const goOn = () => {
  if (element.isConnected) look().then(() => setTimeout(goOn, EVERY_MS));
};
document.addEventListener('ti-look', look);
goOn();
