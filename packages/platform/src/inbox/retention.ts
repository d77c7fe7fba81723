/** Four times as long as topics keep their messages: nothing older is delivered again, unless a person replays it. */
export const INBOX_RETENTION_MS = 30 * 86_400_000;
