import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ourDescriptors } from '../../../src/manager/descriptors/index.js'

const common = join(ourDescriptors(), 'common/cloudera-config.sh')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-common-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function bash(script: string, env: Record<string, string> = {}) {
  const run = spawnSync('bash', ['-c', `. ${common}\n${script}`], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', CONF_DIR: folder, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { status: run.status, stdout: run.stdout.trim(), stderr: run.stderr.trim() }
}

function fakeJava(version: string): string {
  const home = join(folder, `java-${version}`)
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(join(home, 'bin/java'), `#!/bin/sh\necho 'openjdk version "${version}" 2020-01-01' 1>&2\n`)
  chmodSync(join(home, 'bin/java'), 0o755)
  return home
}

describe('functions that scripts of the field call', () => {
  test('a Java home that is set is kept; one without Java is an error that says so', () => {
    const home = fakeJava('17.0.1')
    expect(bash('locate_java_home', { JAVA_HOME: home }).stdout).toBe(`JAVA_HOME=${home}`)
    const bad = bash('locate_java_home; echo not reached', { JAVA_HOME: '/gone' })
    expect(bad).toMatchObject({ status: 1, stdout: '' })
    expect(bad.stderr).toContain('No Java found in JAVA_HOME=/gone')
    expect(bash('locate_java_home_no_verify; echo on', { JAVA_HOME: '/gone' }).stdout).toBe('on')
  })

  test.each([
    ['1.8.0_292', '8'],
    ['11.0.2', '11'],
    ['17', '17'],
    ['21-ea', '21'],
  ])('the major version of %s is %s', (version, major) => {
    const script = `get_java_major_version M; set_basic_gc_tuning_args_based_on_java_version; echo "$M $BASIC_GC_TUNING_ARGS"`
    const env = { JAVA_HOME: fakeJava(version), [`JAVA${major}_GC_TUNING_ARGS`]: '-XX:+X' }
    expect(bash(script, env).stdout).toBe(`${major} -XX:+X`)
  })

  test('pid and garbage collector options are put in', () => {
    expect(bash(`[ "$(replace_pid -XX:a={{PID}} b)" = "-XX:a=$$ b" ] && echo same`).stdout).toBe('same')
    expect(bash(`replace_gc_args '-Xmx1g {{JAVA_GC_ARGS}} -x' '-XX:a&b'`).stdout).toBe('-Xmx1g -XX:a&b -x')
  })

  test('the conf dir is put into text files, not into logs, keytabs or the library', () => {
    mkdirSync(join(folder, 'logs'))
    mkdirSync(join(folder, 'sub dir'))
    const text = 'a={{CMF_CONF_DIR}}/x\nb={{OTHER}}\n'
    for (const name of ['plain', 'sub dir/inner', 'logs/stdout.log', 'a.keytab'])
      writeFileSync(join(folder, name), text)
    chmodSync(join(folder, 'plain'), 0o600)
    expect(bash('replace_conf_dir').status).toBe(0)
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    expect(read('plain')).toBe(`a=${folder}/x\nb={{OTHER}}\n`)
    expect(read('sub dir/inner')).toBe(`a=${folder}/x\nb={{OTHER}}\n`)
    expect(read('logs/stdout.log')).toBe(text)
    expect(read('a.keytab')).toBe(text)
    expect(statSync(join(folder, 'plain')).mode & 0o777).toBe(0o600)
  })

  test('parcels are sourced in order, each with its own name', () => {
    for (const name of ['p1', 'p2'])
      writeFileSync(join(folder, `${name}.sh`), `export SEEN="$SEEN $PARCEL_DIRNAME"\n`)
    const env = { SCM_DEFINES_SCRIPTS: `${folder}/p1.sh:${folder}/p2.sh`, PARCEL_DIRNAMES: 'A-1:B-2' }
    expect(bash('source_parcel_environment; echo $SEEN', env).stdout).toBe('A-1 B-2')
    expect(bash('source_parcel_environment; echo none').stdout).toBe('none')
    const uneven = bash('source_parcel_environment; echo not reached', { ...env, PARCEL_DIRNAMES: 'A-1' })
    expect(uneven).toMatchObject({ status: 1, stdout: '' })
  })

  test('results are only those that were agreed on', () => {
    const env = { CM_STATUS_CODES: 'DONE FAILED' }
    expect(bash('cm_success_and_exit DONE', env)).toEqual({
      status: 0,
      stdout: '',
      stderr: 'CM_STATUS_CODE=DONE',
    })
    expect(bash('cm_error_and_exit FAILED', env)).toEqual({
      status: 1,
      stdout: '',
      stderr: 'CM_STATUS_CODE=FAILED',
    })
    expect(bash('cm_success_and_exit OTHER', env).status).toBe(1)
  })

  test('without a principal no ticket is asked for; with one a failure ends the script', () => {
    expect(bash('acquire_kerberos_tgt a.keytab; echo on').stdout).toBe('on')
    const failed = bash('acquire_kerberos_tgt a.keytab; echo not reached', {
      SCM_KERBEROS_PRINCIPAL: 'x/h@R',
    })
    expect(failed).toMatchObject({ status: 1, stdout: '' })
  })

  test('class paths grow by the jars of plugin folders', () => {
    mkdirSync(join(folder, 'plugins'))
    writeFileSync(join(folder, 'plugins/a.jar'), '')
    const env = { CM_ADD_TO_CP_DIRS: `${folder}/plugins ${folder}/gone`, HADOOP_CLASSPATH: '/x' }
    expect(bash('set_hadoop_classpath; echo $HADOOP_CLASSPATH', env).stdout).toBe(
      `/x:${folder}/plugins/a.jar`,
    )
  })

  test('scripts that stop at the first error or at unset variables can source it', () => {
    expect(bash('', {}).status).toBe(0)
    const strict = `set -e; . ${common}; source_parcel_environment; locate_java_home_no_verify; get_generic_java_opts; echo fine`
    expect(
      execFileSync('bash', ['-c', strict], {
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
        env: { PATH: process.env.PATH ?? '' },
      }).trim(),
    ).toBe('fine')
  })
})
