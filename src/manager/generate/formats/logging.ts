import { token } from '../../descriptors/index.js'
import type { Entry } from '../entries.js'
import { escapeXml } from './hadoop-xml.js'
import { writeProperties } from './properties.js'

export interface LogSettings {
  /** Undefined in client configuration, which logs to the console. */
  readonly directory: string | undefined
  readonly file: string | undefined
  readonly threshold: string
  readonly maxMegabytes: string
  readonly backups: string
  readonly additional: readonly Entry[]
  readonly valve: string
}

const PATTERN = '%d{ISO8601} %p %c: %m%n'

/**
 * A log4j 1 configuration. Scripts of the field rely on the appender's name RFA, on `log.dir` and `log.file`, and on each
 * key having its own line.
 */
export function writeLog4j(settings: LogSettings): string {
  const { directory, file, threshold, maxMegabytes, backups, additional, valve } = settings
  const plain = (key: string, value: string): Entry => ({ key, value, sensitive: false })
  const own =
    directory === undefined
      ? [
          plain('log.threshold', threshold),
          plain('root.logger', `${threshold},console`),
          plain('log4j.rootLogger', token('root.logger')),
          plain('log4j.appender.console', 'org.apache.log4j.ConsoleAppender'),
          plain('log4j.appender.console.target', 'System.err'),
          plain('log4j.appender.console.layout', 'org.apache.log4j.PatternLayout'),
          plain('log4j.appender.console.layout.ConversionPattern', PATTERN),
        ]
      : [
          plain('log.threshold', threshold),
          plain('main.logger', 'RFA'),
          plain('root.logger', `${token('log.threshold')},${token('main.logger')}`),
          plain('log4j.rootLogger', token('root.logger')),
          plain('log.dir', directory),
          plain('log.file', file ?? 'role.log'),
          plain('max.log.file.size', `${maxMegabytes}MB`),
          plain('max.log.file.backup.index', backups),
          plain('log4j.appender.RFA', 'org.apache.log4j.RollingFileAppender'),
          plain('log4j.appender.RFA.File', `${token('log.dir')}/${token('log.file')}`),
          plain('log4j.appender.RFA.layout', 'org.apache.log4j.PatternLayout'),
          plain('log4j.appender.RFA.layout.ConversionPattern', PATTERN),
          plain('log4j.appender.RFA.MaxFileSize', token('max.log.file.size')),
          plain('log4j.appender.RFA.MaxBackupIndex', token('max.log.file.backup.index')),
        ]
  return writeProperties([...own, ...additional], valve)
}

/** A logback configuration; a safety valve takes its place altogether. */
export function writeLogback(settings: LogSettings): string {
  if (settings.valve.trim() !== '') return settings.valve
  const { directory, file, threshold, maxMegabytes, backups, additional } = settings
  const path = escapeXml(`${directory ?? ''}/${file ?? 'role.log'}`)
  const encoder = `    <encoder><pattern>%d{ISO8601} %p %c: %m%n</pattern></encoder>`
  const properties = additional.map(
    ({ key, value }) => `  <property name="${escapeXml(key)}" value="${escapeXml(value)}"/>`,
  )
  const appender =
    directory === undefined
      ? [
          '  <appender name="RFA" class="ch.qos.logback.core.ConsoleAppender">',
          '    <target>System.err</target>',
          encoder,
        ]
      : [
          '  <appender name="RFA" class="ch.qos.logback.core.rolling.RollingFileAppender">',
          `    <file>${path}</file>`,
          '    <rollingPolicy class="ch.qos.logback.core.rolling.FixedWindowRollingPolicy">',
          `      <fileNamePattern>${path}.%i</fileNamePattern>`,
          '      <minIndex>1</minIndex>',
          `      <maxIndex>${escapeXml(backups)}</maxIndex>`,
          '    </rollingPolicy>',
          '    <triggeringPolicy class="ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy">',
          `      <maxFileSize>${escapeXml(maxMegabytes)}MB</maxFileSize>`,
          '    </triggeringPolicy>',
          encoder,
        ]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<configuration>',
    ...properties,
    ...appender,
    '  </appender>',
    `  <root level="${escapeXml(threshold)}"><appender-ref ref="RFA"/></root>`,
    '</configuration>',
    '',
  ].join('\n')
}
