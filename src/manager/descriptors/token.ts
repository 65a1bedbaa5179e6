/** A placeholder of a template: `token('host')` is `${host}`. */
export function token(name: string): string {
  return `\${${name}}`
}

/** The names in a template, in order: `${a}-${b}` → a, b. */
export function tokens(template: string): string[] {
  return [...template.matchAll(/\$\{([^}]+)\}/g)].map((match) => match[1]!)
}
