import { render } from 'preact'
import 'uplot/dist/uPlot.min.css'
import './styles/base.css'
import './styles/frame.css'
import './styles/charts.css'
import './styles/builder.css'
import './styles/cardinality.css'
import './styles/commands.css'
import './styles/health.css'
import './styles/events.css'
import { App } from './app.js'

const root = document.getElementById('app')
if (root) render(<App />, root)
