import type { ColumnDefinitionBuilder, OnModifyForeignAction } from 'kysely'

type Column = ColumnDefinitionBuilder

export const id = (c: Column) => c.primaryKey().generatedAlwaysAsIdentity()

/** Milliseconds since the epoch. */
export const time = (c: Column) => c.notNull()

export const reference = (target: string, onDelete: OnModifyForeignAction) => (c: Column) =>
  c.notNull().references(target).onDelete(onDelete)
