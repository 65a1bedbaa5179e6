/**
 * Loaded before the first test file of each worker. The module makes its marker with the `Response` of that moment; a server of
 * another test file that had replaced it by then would be sent a marker that it does not know. Programs load it before they listen.
 */
import '@hono/node-server/utils/response'
