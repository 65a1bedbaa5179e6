import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that take longest, most of them because they wait. The others take some seconds each. */
const LONGEST = [
  'integration/cluster-life/cluster-life',
  'integration/health',
  'agent/supervisor',
  'integration/up',
  'browser/start-page',
  'integration/faults',
  'query/hot',
  'browser/chart-builder',
  'agent/processes',
  'integration/queries',
  'browser/whole-program',
  'engine/postgres',
  'agent/agent-process',
  'integration/cluster',
  'integration/open-ports',
  'agent/heartbeat',
  'agent/agent',
  'agent/canary',
  'engine/lifecycle',
  'query/agreement',
  'manager/health',
  'metrics/rollup/fold',
  'manager/commands',
  'metrics/store',
  'manager/api/every-change',
].map((name) => `/test/${name}.test.ts`)

const rank = ({ moduleId }: TestSpecification) => {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(name))
  return place === -1 ? LONGEST.length : place
}

/** Begins with the longest files of each project, so that none of them is left to run alone at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    return usual.sort(
      (a, b) =>
        (a.project.name < b.project.name ? -1 : a.project.name > b.project.name ? 1 : 0) || rank(a) - rank(b),
    )
  }
}
