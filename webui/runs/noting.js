keys => {
  const address = new URL(location);
  const named = address.searchParams.getAll('run').join('\n');
  if (named === keys) return;
  address.searchParams.delete('run');
  for (const key of keys.split('\n')) if (key) address.searchParams.append('run', key);
  history.replaceState(history.state, '', address);
}
