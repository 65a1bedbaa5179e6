import { createHash } from 'node:crypto'

const STYLE = `body{font:16px system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0;background:#f4f5f7;color:#1b1f24}
form{background:#fff;padding:2rem;border-radius:8px;box-shadow:0 1px 4px #0003;width:18rem}
h1{font-size:1.2rem;margin:0 0 1rem}label{display:block;margin:.6rem 0 .2rem}
input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit}
button{margin-top:1rem;width:100%;padding:.6rem;font:inherit;cursor:pointer}
p{color:#a40e26}@media(prefers-color-scheme:dark){body{background:#15181c;color:#e8eaed}form{background:#22262b}p{color:#ff7b86}}`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export const LOGIN_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** The page that asks for name and password; works without scripts. `message` says what went wrong the last time. */
export function loginPage(next: string, message = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Bellwether: log in</title>
<style>${STYLE}</style>
</head>
<body>
<form method="post" action="/login">
<h1>Bellwether</h1>
${message ? `<p role="alert">${escaped(message)}</p>` : ''}
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<input type="hidden" name="next" value="${escaped(next)}">
<button>Log in</button>
</form>
</body>
</html>
`
}

/** Where to go after the login: a path of ours; anything that could lead elsewhere becomes `/`. */
export function ownPath(next: string | undefined): string {
  if (!next || !/^\/[\w\-./?=&%+~:,;@!$'()*]*$/.test(next) || next.startsWith('//')) return '/'
  return next
}

const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
