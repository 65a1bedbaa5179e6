/** Times of one exchange, milliseconds since the epoch: sent and got by our clock, got and sent by the other's. */
export interface Exchange {
  sent: number
  theirReceived: number
  theirSent: number
  received: number
}

/**
 * What is to be added to our clock for theirs (RFC 5905 §8): exact if the way there took as long as the way back, wrong by half
 * of the difference otherwise. How long they held the request does not matter.
 */
export const clockOffset = ({ sent, theirReceived, theirSent, received }: Exchange): number =>
  (theirReceived - sent + (theirSent - received)) / 2
