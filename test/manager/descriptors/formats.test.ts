import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { token } from '../../../src/manager/descriptors/index.js'
import type { Entry } from '../../../src/manager/generate/entries.js'
import { fitsGflags, writeGflags } from '../../../src/manager/generate/formats/gflags.js'
import { fitsXml, writeHadoopXml } from '../../../src/manager/generate/formats/hadoop-xml.js'
import { writeProperties } from '../../../src/manager/generate/formats/properties.js'
import type { GenerationProblem } from '../../../src/manager/generate/problem.js'
import { substitute } from '../../../src/manager/generate/substitute.js'

const entry = (key: string, value: string): Entry => ({ key, value, sensitive: false })
const key = fc.stringMatching(/^[a-z][a-zA-Z0-9._ :=-]{0,20}$/)
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...' \\\n\r\t\f:=#!$&<>"\'%{}ü€😀\u0085\u2028'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
})
const distinct = (value: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ key, value }), { selector: (each) => each.key, maxLength: 8 })
const asMap = (entries: readonly { key: string; value: string }[]) =>
  new Map(entries.map((e) => [e.key, e.value]))

describe('a value comes out of a file as it went in', () => {
  test('properties, as java.util.Properties reads them', () => {
    fc.assert(
      fc.property(distinct(anyText), (entries) => {
        const text = writeProperties(
          entries.map((e) => entry(e.key, e.value)),
          '',
        )
        expect(readProperties(text)).toEqual(asMap(entries))
      }),
      { numRuns: 500 },
    )
  })

  test('Hadoop’s XML', () => {
    fc.assert(
      fc.property(distinct(anyText.filter(fitsXml)), (entries) => {
        const text = writeHadoopXml(
          entries.map((e) => entry(e.key, e.value)),
          '',
        )
        expect(readHadoopXml(text)).toEqual(asMap(entries))
        expect(text.match(/<\/configuration>/g)).toHaveLength(1)
      }),
      { numRuns: 500 },
    )
  })

  test('flags', () => {
    fc.assert(
      fc.property(distinct(anyText.filter(fitsGflags)), (entries) => {
        const text = writeGflags(
          entries.map((e) => entry(e.key.replaceAll('=', '_'), e.value)),
          '',
        )
        const lines = text.split('\n').slice(0, -1)
        const read = lines.map((line) => /^-([^=]*)=(.*)$/su.exec(line)!.slice(1))
        expect(read).toEqual(entries.map((e) => [e.key.replaceAll('=', '_'), e.value]))
      }),
    )
  })

  test('Java itself reads them so', () => {
    const values = fc.sample(anyText.filter(fitsXml), { numRuns: 300, seed: 7 })
    const entries = values.map((value, i) => entry(`k.${i}`, value))
    const folder = mkdtempSync(join(tmpdir(), 'bw-java-'))
    try {
      writeFileSync(join(folder, 'a.properties'), writeProperties(entries, 'last=one'))
      writeFileSync(join(folder, 'a.xml'), writeHadoopXml(entries, ''))
      writeFileSync(join(folder, 'Read.java'), READER)
      let out: string
      try {
        out = execFileSync(
          'java',
          [join(folder, 'Read.java'), join(folder, 'a.properties'), join(folder, 'a.xml')],
          {
            encoding: 'utf8',
            maxBuffer: 1 << 26,
          },
        )
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !/compiler/i.test(String(error)))
          throw error
        console.warn(
          'NOT TESTED: that Java reads the generated files back, for want of a Java with a compiler',
        )
        return
      }
      const read = new Map(
        out
          .trim()
          .split('\n')
          .map((line) => line.split(' ') as [string, string]),
      )
      for (const { key, value } of entries) {
        expect(text(read.get(`properties:${key}`))).toBe(value)
        expect(text(read.get(`xml:${key}`))).toBe(value)
      }
      expect(text(read.get('properties:last'))).toBe('one')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 120_000)

  test('a key that begins with # is written as it is, and a colon in a value too', () => {
    expect(writeProperties([entry('#listeners', '{{LISTENERS}}'), entry('url', 'http://h:1/')], '')).toBe(
      '#listeners={{LISTENERS}}\nurl=http://h:1/\n',
    )
  })

  test('a safety valve comes last, on lines of its own', () => {
    expect(writeProperties([entry('a', '1')], 'a=2')).toBe('a=1\na=2\n')
    expect(writeHadoopXml([], '<property/>')).toMatch(/<configuration>\n<property\/>\n<\/configuration>\n$/)
  })
})

describe('substitution', () => {
  test('is one pass and literal: what a value contains is never looked at again', () => {
    const name = fc.constantFrom('a', 'b', 'c.d-e')
    const piece = fc.oneof(
      anyText.filter((s) => !/[${]/.test(s)),
      name.map(token),
    )
    const values = fc.record({
      a: anyText,
      b: fc.constant(`$& $1 \\ ${token('a')} ${token('gone')}`),
      'c.d-e': anyText,
    })
    fc.assert(
      fc.property(fc.array(piece), values, (pieces, given) => {
        const problems: GenerationProblem[] = []
        const lookup = (each: string) => given[each as keyof typeof given]
        const expected = pieces
          .map((each) => (each.startsWith('${') ? lookup(each.slice(2, -1)) : each))
          .join('')
        expect(substitute(pieces.join(''), lookup, 'here', problems)).toBe(expected)
        expect(problems).toEqual([])
      }),
    )
  })

  test('an unknown name is a problem with its place; braces in pairs are left alone', () => {
    const problems: GenerationProblem[] = []
    const lookup = (name: string) => (name === 'host' ? 'h1' : undefined)
    expect(
      substitute(`${token('host')} ${token('gone')} {{QUORUM}} $host`, lookup, 'args[0]', problems),
    ).toBe(`h1 ${token('gone')} {{QUORUM}} $host`)
    expect(problems).toEqual([
      { place: 'args[0]', message: `${token('gone')} is not known here; correct the name in the descriptor` },
    ])
  })
})

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8')
}

/** The rules of `Properties.load`, as its documentation states them. */
function readProperties(source: string): Map<string, string> {
  const out = new Map<string, string>()
  const lines = source.split(/\r\n|\r|\n/)
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!.replace(/^[ \t\f]+/, '')
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    while (/(^|[^\\])(\\\\)*\\$/.test(line))
      line = line.slice(0, -1) + (lines[++i] ?? '').replace(/^[ \t\f]+/, '')
    const match = /^((?:\\[\s\S]|[^\\ \t\f=:])*)[ \t\f]*[=:]?[ \t\f]*([\s\S]*)$/.exec(line)!
    out.set(unescapeProperty(match[1]!), unescapeProperty(match[2]!))
  }
  return out
}

function unescapeProperty(escaped: string): string {
  const short: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f' }
  return escaped.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_all, hex?: string, char?: string) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (short[char!] ?? char!),
  )
}

/** XML 1.0 as far as the files go: line ends are normalised, then references replaced. */
function readHadoopXml(source: string): Map<string, string> {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  const plain = (escaped: string) =>
    escaped.replace(/&(?:#(\d+)|(\w+));/g, (_all, code?: string, name?: string) =>
      code ? String.fromCodePoint(Number(code)) : named[name!]!,
    )
  const out = new Map<string, string>()
  const normal = source.replace(/\r\n?/g, '\n')
  for (const [, name, value] of normal.matchAll(
    /<property>\s*<name>([^<]*)<\/name>\s*<value>([^<]*)<\/value>\s*<\/property>/g,
  ))
    out.set(plain(name!), plain(value!))
  return out
}

const READER = `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import javax.xml.parsers.*;
import org.w3c.dom.*;

public class Read {
  static void print(String kind, String key, String value) {
    String text = Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8));
    System.out.println(kind + ":" + key + " " + text);
  }
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    try (InputStream in = new FileInputStream(args[0])) { properties.load(in); }
    for (String key : properties.stringPropertyNames()) print("properties", key, properties.getProperty(key));
    Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File(args[1]));
    NodeList list = document.getElementsByTagName("property");
    for (int i = 0; i < list.getLength(); i++) {
      Element each = (Element) list.item(i);
      print("xml", each.getElementsByTagName("name").item(0).getTextContent(),
        each.getElementsByTagName("value").item(0).getTextContent());
    }
  }
}
`
