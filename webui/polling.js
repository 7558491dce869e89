// Asks every second or so for news: draws what the answer holds, and has the groups with news drawn.
// A page that nobody sees only has its title to keep up to date.
const HIDDEN_SECONDS = 5;
const page = crypto.getRandomValues(new Uint32Array(2)).join('-');
let wait = 1;
const inside = id => document.querySelector(`[id="${id}"] .prose`);
const ask = async () => {
  // By the element, so that one that was made anew is drawn again.
  const shown = props.ids.map(id => [id, inside(id)]).filter(([, html]) => html);
  const seen = Object.fromEntries(shown.map(([id, drawn]) => [id, drawn.tiState ?? '']));
  const news = await server.look({seen, page});
  wait = news.wait;
  for (const [id, drawn] of shown) {
    if (!news.html[id]) continue;
    const [state, html] = news.html[id];
    drawn.dispatchEvent(new CustomEvent('ti-draw', {detail: html}));
    drawn.tiState = state;
  }
  for (const [name, state] of Object.entries(news.groups)) {
    const drawn = inside(`news-${name}`);
    if (drawn && drawn.textContent.trim() !== state) drawn.dispatchEvent(new Event('news'));
  }
};
let last = Promise.resolve();
// One after the other; a server that cannot be reached is asked again.
const look = () => last = last.then(ask).catch(() => {});
const goOn = () => {
  if (!element.isConnected) return;
  const seconds = () => document.hidden ? Math.max(wait, HIDDEN_SECONDS) : wait;
  look().then(() => setTimeout(goOn, 1000 * seconds()));
};
document.addEventListener('ti-look', look);
document.addEventListener('visibilitychange', look);
goOn();
