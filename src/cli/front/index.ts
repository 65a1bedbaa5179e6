export { attachFront, type Front, type FrontOptions } from './front.js'
