/** Triggers: see docs/events.md. */

export { readTriggers, type TriggerDefinition, type TriggerProblem } from './definition.js'
export type { TriggerOwner, TriggerResult } from './evaluate.js'
export { TRIGGER_PARAMETERS, type TriggerModel, triggerOwners } from './owners.js'
export type { TriggerPreview } from './preview.js'
export { createTriggerReports } from './reports.js'
export { createTriggers, type Triggers, type TriggersOptions } from './triggers.js'
