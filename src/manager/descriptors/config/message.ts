/** What is wrong with a configured value. An error keeps roles from starting; a warning does not. */
export interface ConfigMessage {
  readonly level: 'ERROR' | 'WARNING'
  readonly code:
    | 'MISSING'
    | 'NOT_A_NUMBER'
    | 'NOT_WHOLE'
    | 'TOO_SMALL'
    | 'TOO_LARGE'
    | 'RATHER_SMALL'
    | 'RATHER_LARGE'
    | 'NOT_A_BOOLEAN'
    | 'NOT_ALLOWED'
    | 'NO_MATCH'
    | 'NOT_A_PATH'
    | 'NOT_A_URI'
    | 'LENGTH'
    | 'BAD_TEXT'
    | 'PORT_TWICE'
  /** The parameter's name. */
  readonly parameter: string
  readonly text: string
}

/** How a check says what it found. */
export type Report = (level: ConfigMessage['level'], code: ConfigMessage['code'], text: string) => void
