// Runs before the first paint, so that the page does not flash. A file of its own: inline scripts are not allowed.
{
  let theme = null
  try {
    theme = localStorage.getItem('bellwether.theme')
  } catch {
    // Storage is switched off: the system's theme is used.
  }
  if (theme !== 'dark' && theme !== 'light')
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset.theme = theme
}
