// Asks every second which groups of the page have news, and has only those drawn.
const EVERY_MS = 1000;
const ask = async () => {
  const states = await server.look();
  for (const [name, state] of Object.entries(states)) {
    const drawn = document.getElementById(`news-${name}`);
    if (drawn && drawn.textContent.trim() !== state) {
      drawn.querySelector('.prose').dispatchEvent(new Event('news'));
    }
  }
};
let last = Promise.resolve();
// One after the other; a server that cannot be reached is asked again.
const look = () => last = last.then(ask).catch(() => {});
const goOn = () => {
  if (element.isConnected) look().then(() => setTimeout(goOn, EVERY_MS));
};
document.addEventListener('ti-look', look);
setTimeout(goOn, EVERY_MS);
