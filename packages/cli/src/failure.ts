/** How a command ends. Scripts rely on these numbers: docs/operating.md lists them. */
export const EXIT = {
  done: 0,
  /** The command ran, and what it found or was answered is not all right; the output says what. */
  findings: 1,
  /** Wrong arguments or settings: nothing was tried. */
  usage: 2,
  /** The system could not be reached or did not answer in time; what was done before stays done. */
  unreachable: 3,
  /** Token missing, expired or without the role. */
  denied: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that a person can act on: what happened, and what to do about it. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  readonly exit: ExitCode;
  readonly advice: string | undefined;

  constructor(exit: ExitCode, message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exit = exit;
    this.advice = options.advice;
  }
}
