// The address names the runs that are open, so that a reload and a link open them again.
() => new URLSearchParams(location.search).getAll('run').join('\n')
