"""The folder whose captions are open stands in the page's address, for reloads and links."""

from __future__ import annotations

# The address counts more than what the browser keeps, and what was typed more than both.
READ = """(kept, typed) => {
  const named = new URLSearchParams(location.search).get('dataset') || kept;
  return [named, typed ? undefined : named];
}"""
NOTE = """folder => {
  const address = new URL(location);
  if (folder) address.searchParams.set('dataset', folder);
  else address.searchParams.delete('dataset');
  history.replaceState(history.state, '', address);
}"""
